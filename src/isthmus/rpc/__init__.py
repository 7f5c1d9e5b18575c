"""What all gRPC servers of this project share, on grpclib: bytes in and out, TLS, credentials, refusals."""
