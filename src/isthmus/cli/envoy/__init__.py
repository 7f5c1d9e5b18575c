"""Envoy's admin output as the tables of ``istioctl proxy-config``.

Knows the JSON of ``/config_dump`` and ``/clusters`` and the words of Istio's tables. Pure: decoded JSON in,
tables or plain JSON out. Does not know pods or files. One file per resource, each with a filter record, the
selection and the table.
"""
