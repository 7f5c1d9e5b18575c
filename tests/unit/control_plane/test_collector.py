"""How long collections of garbage stop the process."""

import gc

from prometheus_client import CollectorRegistry

from isthmus.control_plane.collector import CollectorPauses


def test_collections_are_noted_by_generation_while_they_are_watched() -> None:
    registry = CollectorRegistry()

    def noted(generation: int) -> float:
        return registry.get_sample_value("isthmus_gc_pause_seconds_count", {"generation": str(generation)}) or 0

    with CollectorPauses(registry).watched():
        before = noted(2)
        gc.collect()
        assert noted(2) == before + 1
        oldest = registry.get_sample_value("isthmus_gc_pause_seconds_sum", {"generation": "2"})
        assert oldest is not None
        assert oldest > 0
    gc.collect()
    assert noted(2) == before + 1
