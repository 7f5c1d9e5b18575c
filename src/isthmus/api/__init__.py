"""The wire form of every kind of object that the mesh reads, one kind per file.

Knows the JSON of Kubernetes and Istio objects and how one object becomes a row and a list of problems.
Does not know what the rows mean to other rows, nor how objects are fetched.
"""
