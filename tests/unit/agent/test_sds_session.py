"""Secret discovery as values."""

from __future__ import annotations

import pytest

from isthmus.agent.messages.discovery import DeltaRequest, Request, Resource
from isthmus.agent.messages.secret import SECRET_TYPE
from isthmus.agent.sds_session import DeltaSession, FullSession


class Secrets(dict):
    """Versions by name."""

    def get_resources(self, names):
        found = (name for name in names if name in self)
        return tuple(Resource(name, self[name], SECRET_TYPE, self[name].encode()) for name in found)


@pytest.fixture
def secrets():
    return Secrets(default="1", ROOTCA="1")


def test_a_secret_is_sent_once_and_again_when_it_changes(secrets):
    session = FullSession()
    session.receive(Request(("default",), SECRET_TYPE, "", ""))
    first = session.respond(secrets.get_resources)
    assert [resource.name for resource in first.resources] == ["default"]
    session.receive(Request(("default",), SECRET_TYPE, first.nonce, ""))
    assert session.respond(secrets.get_resources) is None
    secrets["default"] = "2"
    second = session.respond(secrets.get_resources)
    assert second.version != first.version
    assert second.nonce != first.nonce


def test_a_secret_that_does_not_exist_yet_is_waited_for(secrets):
    session = FullSession()
    session.receive(Request(("file-cert:a~b",), SECRET_TYPE, "", ""))
    assert session.respond(secrets.get_resources) is None
    secrets["file-cert:a~b"] = "1"
    assert session.respond(secrets.get_resources) is not None


def test_a_refused_secret_is_not_sent_again_unchanged(secrets):
    session = FullSession()
    session.receive(Request(("default",), SECRET_TYPE, "", ""))
    sent = session.respond(secrets.get_resources)
    session.receive(Request(("default",), SECRET_TYPE, sent.nonce, "key does not match"))
    assert session.respond(secrets.get_resources) is None


def test_incremental_streams_get_only_what_changed(secrets):
    session = DeltaSession()
    session.receive(DeltaRequest(SECRET_TYPE, subscribe=("default", "ROOTCA")))
    assert {resource.name for resource in session.respond(secrets.get_resources).resources} == {"default", "ROOTCA"}
    secrets["ROOTCA"] = "2"
    assert [resource.name for resource in session.respond(secrets.get_resources).resources] == ["ROOTCA"]
    session.receive(DeltaRequest(SECRET_TYPE, unsubscribe=("ROOTCA",)))
    secrets["ROOTCA"] = "3"
    assert session.respond(secrets.get_resources) is None
    session.receive(DeltaRequest(SECRET_TYPE, subscribe=("default",)))
    assert [resource.name for resource in session.respond(secrets.get_resources).resources] == ["default"]
