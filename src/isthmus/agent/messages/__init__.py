"""The few protobuf messages that the agent speaks, encoded and decoded by hand.

Knows: field numbers of the certificate service, secret discovery, incremental discovery and the name table.
Does not know sockets or gRPC.

Measured on CPython 3.11: an idle process with grpclib and ``ssl`` is 27 MB resident; the protobuf runtime
adds 5 MB and the descriptor pool another 3 MB, and both cost 130 ms of processor time at each pod's start.
Six messages do not earn that. The tests hold these encoders to the real descriptors.
"""
