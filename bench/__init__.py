"""Measuring programs. They speak public protocols only (Kubernetes API, delta ADS), so they fit any server."""
