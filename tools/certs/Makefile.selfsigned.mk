# A root CA and one intermediate CA per cluster, with openssl: what `cacerts` Secrets are made of.
#
#   make -f tools/certs/Makefile.selfsigned.mk root-ca            root-key.pem, root-cert.pem
#   make -f tools/certs/Makefile.selfsigned.mk cluster1-cacerts   cluster1/{ca-cert,ca-key,root-cert,cert-chain}.pem
#
# Then: kubectl create secret generic cacerts -n istio-system --from-file=cluster1/ca-cert.pem \
#   --from-file=cluster1/ca-key.pem --from-file=cluster1/root-cert.pem --from-file=cluster1/cert-chain.pem
#
# Names of targets, files and variables are those of Istio's makefile of the same name.
# For production keep the root key offline, and use a CA that is made for it.

SHELL := /bin/sh
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

ROOTCA_DAYS ?= 3650
ROOTCA_KEYSZ ?= 4096
ROOTCA_ORG ?= Istio
ROOTCA_CN ?= Root CA

INTERMEDIATE_DAYS ?= 730
INTERMEDIATE_KEYSZ ?= 4096
INTERMEDIATE_ORG ?= Istio
INTERMEDIATE_CN ?= Intermediate CA
INTERMEDIATE_SAN_DNS ?= istiod.istio-system.svc

define CA_CONFIG
[ req ]
encrypt_key = no
prompt = no
utf8 = yes
default_md = sha256
req_extensions = req_ext
x509_extensions = req_ext
distinguished_name = req_dn
[ req_ext ]
subjectKeyIdentifier = hash
basicConstraints = critical, CA:true$(1)
keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment, keyCertSign, cRLSign
endef

define ROOT_CONFIG
$(call CA_CONFIG)
[ req_dn ]
O = $(ROOTCA_ORG)
CN = $(ROOTCA_CN)
endef

define INTERMEDIATE_CONFIG
$(call CA_CONFIG,$(COMMA) pathlen:0)
subjectAltName = @san
[ san ]
DNS.1 = $(INTERMEDIATE_SAN_DNS)
[ req_dn ]
O = $(INTERMEDIATE_ORG)
CN = $(INTERMEDIATE_CN)
L = $(L)
endef

COMMA := ,
export ROOT_CONFIG

.PHONY: help root-ca clean
help:
	@sed -n 's/^# \{0,1\}//p' $(lastword $(MAKEFILE_LIST)) | head -12

root-ca: root-cert.pem

root-key.pem:
	@openssl genrsa -out $@ $(ROOTCA_KEYSZ) 2>/dev/null
	@echo "made $@: whoever has it can be anybody in the mesh"

root-ca.conf:
	@printf '%s\n' "$$ROOT_CONFIG" > $@

root-cert.csr: root-key.pem root-ca.conf
	@openssl req -sha256 -new -key root-key.pem -config root-ca.conf -out $@

root-cert.pem: root-cert.csr root-key.pem root-ca.conf
	@openssl x509 -req -sha256 -days $(ROOTCA_DAYS) -signkey root-key.pem \
		-extensions req_ext -extfile root-ca.conf -in root-cert.csr -out $@ 2>/dev/null
	@echo "made $@"

%-cacerts: %/cert-chain.pem
	@echo "made $*/: ca-cert.pem ca-key.pem root-cert.pem cert-chain.pem"

%/cert-chain.pem: %/ca-cert.pem root-cert.pem
	@cat $^ > $@
	@cp root-cert.pem $(dir $@)root-cert.pem

%/ca-cert.pem: %/cluster-ca.csr root-key.pem root-cert.pem
	@openssl x509 -req -sha256 -days $(INTERMEDIATE_DAYS) -CA root-cert.pem -CAkey root-key.pem -CAcreateserial \
		-extensions req_ext -extfile $(dir $<)intermediate.conf -in $< -out $@ 2>/dev/null

%/cluster-ca.csr: L = $*
%/cluster-ca.csr: %/ca-key.pem %/intermediate.conf
	@openssl req -sha256 -new -config $(dir $@)intermediate.conf -key $< -out $@

%/ca-key.pem:
	@mkdir -p $(dir $@)
	@openssl genrsa -out $@ $(INTERMEDIATE_KEYSZ) 2>/dev/null

%/intermediate.conf: L = $*
%/intermediate.conf: export CONFIG = $(INTERMEDIATE_CONFIG)
%/intermediate.conf:
	@mkdir -p $(dir $@)
	@printf '%s\n' "$$CONFIG" > $@

clean:
	@rm -f root-cert.csr root-cert.srl root-ca.conf */cluster-ca.csr */intermediate.conf
