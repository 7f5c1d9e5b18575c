"""Which Service gets which address."""

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from isthmus.lab.loadbalancer.assignment import (
    Ingress,
    LoadBalancer,
    Metadata,
    Service,
    Spec,
    Status,
    assign,
)

POOL = IPv4Network("172.30.1.128/25")


def service(name: str, *, has: str = "", wants: str = "", kind: str = "LoadBalancer", **more: str) -> Service:
    ingress = (Ingress(has),) if has else ()
    spec = Spec(type=kind, load_balancer_ip=wants, load_balancer_class=more.get("load_balancer_class"))
    metadata = Metadata(name, "default", deletion_timestamp=more.get("deletion_timestamp"))
    return Service(metadata, spec, Status(LoadBalancer(ingress)))


def addresses(*services: Service) -> dict[str, str]:
    return {decision.service.metadata.name: decision.address for decision in assign(services, POOL)}


def problem(*services: Service) -> str:
    (decision,) = assign(services, POOL)
    return decision.problem


def test_addresses_are_given_from_the_lowest() -> None:
    assert addresses(service("a"), service("b")) == {"a": "172.30.1.128", "b": "172.30.1.129"}


def test_an_address_once_given_is_kept_and_not_given_again() -> None:
    assert addresses(service("a"), service("b", has="172.30.1.128")) == {"a": "172.30.1.129"}


def test_a_wish_is_granted_before_others_choose() -> None:
    assert addresses(service("a"), service("b", wants="172.30.1.128")) == {"a": "172.30.1.129", "b": "172.30.1.128"}


def test_a_new_wish_replaces_the_address() -> None:
    assert addresses(service("a", has="172.30.1.128", wants="172.30.1.200")) == {"a": "172.30.1.200"}


def test_a_wish_outside_the_range_is_a_problem_that_names_both() -> None:
    text = problem(service("a", wants="192.0.2.1"))
    assert "192.0.2.1" in text
    assert str(POOL) in text


def test_a_wish_that_is_no_address_is_a_problem() -> None:
    assert "not-an-address" in problem(service("a", wants="not-an-address"))


def test_a_wish_for_a_taken_address_is_a_problem() -> None:
    assert "another Service" in problem(service("a", has="172.30.1.128"), service("b", wants="172.30.1.128"))


def test_an_address_of_another_range_is_replaced() -> None:
    assert addresses(service("a", has="192.0.2.1")) == {"a": "172.30.1.128"}


def test_services_of_other_types_classes_and_those_being_deleted_get_nothing() -> None:
    others = (
        service("a", kind="ClusterIP"),
        service("b", load_balancer_class="example.com/other"),
        service("c", deletion_timestamp="2026-01-01T00:00:00Z"),
    )
    assert addresses(*others) == {}


def test_a_full_range_is_a_problem_that_names_it() -> None:
    full = [service(f"s{number}", has=str(address)) for number, address in enumerate(POOL)]
    assert str(POOL) in problem(*full, service("z"))


wishes = st.one_of(st.just(""), st.integers(0, 5).map(lambda offset: str(POOL[offset])))


@given(st.lists(st.tuples(wishes, wishes), max_size=12))
def test_no_address_is_ever_given_twice(states: list[tuple[str, str]]) -> None:
    services = [service(f"s{number}", has=has, wants=wants) for number, (has, wants) in enumerate(states)]
    decisions = assign(services, POOL)
    decided = {decision.service.key for decision in decisions}
    kept = [each.address for each in services if each.key not in decided]
    given_now = [decision.address for decision in decisions if decision.address]
    assert len(set(kept + given_now)) == len(kept) + len(given_now)
