"""The mesh's certificate authority: signing, the signing bundle, and who may have which certificate.

``signing``, ``bundle``, ``chain``, ``selfsigned``, ``serving`` and ``root_config_map`` are values in, values out.
``store``, ``authenticators``, ``service`` and ``publisher`` are the shell: files, Kubernetes, gRPC.
"""
