"""What the program that delays packets says to the kernel, and reads from it."""

import struct

from isthmus.lab import delay


def test_numbers_of_packets_are_read_from_several_messages_of_one_datagram() -> None:
    header = delay.attribute(1, struct.pack("!IHB", 7, 0x0800, 4))
    other = delay.attribute(10, b"abc")
    data = delay.message(0, 2, other + header) + delay.message(0, 2, delay.attribute(1, struct.pack("!IHB", 8, 0, 4)))
    assert list(delay.packets(data)) == [7, 8]


def test_a_datagram_of_another_kind_tells_of_no_packet() -> None:
    assert list(delay.packets(delay.message(2, 2, delay.attribute(1, struct.pack("!IHB", 7, 0, 4))))) == []


def test_a_packet_passes_by_its_number_and_queue() -> None:
    told = delay.verdict(2, 7)
    assert told[:4] == struct.pack("=I", len(told))
    assert told[18:20] == b"\x00\x02"
    assert told[-8:] == struct.pack("!II", 1, 7)
