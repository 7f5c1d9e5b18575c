"""The CRDs of the operator's kinds, and what is rendered from the chart."""

from pathlib import Path

from isthmus.install.manifests import identity
from isthmus.operator.desired import RevisionSource, definitions, of_agent, of_revision, of_tag
from isthmus.operator.installation import Order, rendered
from isthmus.operator.resources.crds import manifests, text

ROOT = Path(__file__).parents[3]


def names(source: RevisionSource) -> set[str]:
    return {str(identity(each)) for _, each in of_revision(source).objects}


def test_the_committed_crds_are_those_of_the_models() -> None:
    committed = (ROOT / "charts/operator/files/crds.yaml").read_text()
    cure = "run: python -m isthmus.operator.resources.crds > charts/operator/files/crds.yaml"
    assert committed == text(), cure


def test_every_kind_is_of_the_cluster_and_served_in_both_versions() -> None:
    for manifest in manifests():
        assert manifest["spec"]["scope"] == "Cluster"
        versions = {each["name"]: each["storage"] for each in manifest["spec"]["versions"]}
        assert versions == {"v1": True, "v1alpha1": False}


def test_an_istio_is_listed_with_sails_columns() -> None:
    columns = manifests()[0]["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [each["name"] for each in columns] == [
        "Namespace",
        "Profile",
        "Revisions",
        "Ready",
        "In use",
        "Active Revision",
        "Status",
        "Version",
        "Age",
    ]


def test_the_revision_named_default_has_what_all_revisions_share() -> None:
    shared = {
        "ServiceAccount m/istio-reader-service-account",
        "ValidatingWebhookConfiguration istiod-default-validator",
    }
    assert shared <= names(RevisionSource("default", "m", {}))
    assert not shared & names(RevisionSource("canary", "m", {}))


def test_a_revision_leaves_the_crds_to_the_cluster() -> None:
    assert not any(name.startswith("CustomResourceDefinition") for name in names(RevisionSource("default", "m", {})))
    assert len(definitions()) >= 15


def test_a_remote_revision_has_the_address_of_the_control_plane_and_none_of_its_own() -> None:
    found = names(RevisionSource("default", "m", {"profile": "remote", "global": {"remotePilotAddress": "192.0.2.1"}}))
    assert {
        "EndpointSlice m/istiod",
        "Service m/istiod",
        "MutatingWebhookConfiguration istio-sidecar-injector-m",
    } <= found
    assert "Deployment m/istiod" not in found


def test_a_tag_named_default_has_the_validator_as_well() -> None:
    source = RevisionSource("canary", "istio-system", {})
    assert [str(identity(each)) for _, each in of_tag(source, "prod").objects] == [
        "MutatingWebhookConfiguration istio-revision-tag-prod",
        "Service istio-system/istiod-revision-tag-prod",
    ]
    found = {str(identity(each)) for _, each in of_tag(source, "default").objects}
    assert "ValidatingWebhookConfiguration istiod-default-validator" in found


def test_the_agent_is_installed_in_its_own_namespace() -> None:
    found = {str(identity(each)) for _, each in of_agent(RevisionSource("default", "istio-cni", {})).objects}
    assert "DaemonSet istio-cni/istio-cni-node" in found


def test_the_operator_tells_its_control_planes_where_its_own_image_came_from() -> None:
    found = next(
        each for each in rendered(Order(settings=("hub=example.com/x", "tag=7"))) if each["kind"] == "Deployment"
    )
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "example.com/x/pilot:7"
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert (variables["HUB"], variables["TAG"]) == ("example.com/x", "7")
