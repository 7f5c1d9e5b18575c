"""The incremental engine: keyed rows, pure derivations, and nothing of Kubernetes or Envoy.

A graph holds *sources*, whose rows come from outside, and *derived* collections, whose rows are plain
functions of other rows. A batch of changes is settled in one synchronous call, in declaration order.
A derivation reads other collections by key or by named index only, so the rows that depend on a change
are found by look-up. A row that comes out equal stops the change there.
"""

from isthmus.collections.batch import Batch, Source
from isthmus.collections.collection import Change, Collection, Index
from isthmus.collections.derived import Context
from isthmus.collections.graph import Fault, Graph, Settlement

__all__ = ["Batch", "Change", "Collection", "Context", "Fault", "Graph", "Index", "Settlement", "Source"]
