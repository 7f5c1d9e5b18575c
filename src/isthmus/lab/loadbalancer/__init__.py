"""Gives every Service of type LoadBalancer an address of the cluster's range, as a cloud would."""
