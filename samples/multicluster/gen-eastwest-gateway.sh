#!/bin/bash
# Prints an IstioOperator (or, with --ambient, a Gateway) for an east-west gateway: the one through which
# other networks reach the services of this one.
#
#   gen-eastwest-gateway.sh --network network1 | istioctl install -y -f -

set -euo pipefail

usage() {
  cat >&2 <<'EOF'
Usage: gen-eastwest-gateway.sh --network NETWORK [--revision REVISION] [--ambient]
       gen-eastwest-gateway.sh --single-cluster [--revision REVISION]

  --network NETWORK     network that the gateway leads into
  --single-cluster      no network: the gateway only exposes the control plane
  --revision REVISION   control plane that the gateway belongs to
  --ambient             a Gateway of the Gateway API, for meshes without sidecars
  --mesh, --cluster     accepted for compatibility; each takes an argument
EOF
}

# The argument of an option, or a message that it is missing.
argument() {
  if [[ $# -lt 2 || "$2" == --* ]]; then
    echo "$1 needs an argument" >&2
    usage
    exit 1
  fi
  echo "$2"
}

network=""
revision=""
single_cluster=false
ambient=false

while [[ $# -gt 0 ]]; do
  case "$1" in
    --network) network=$(argument "$@"); shift 2 ;;
    --revision) revision=$(argument "$@"); shift 2 ;;
    --mesh | --cluster) argument "$@" >/dev/null; shift 2 ;;
    --single-cluster) single_cluster=true; shift ;;
    --ambient) ambient=true; shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "unknown option: $1" >&2; usage; exit 1 ;;
  esac
done

if [[ "$single_cluster" == false && -z "$network" ]]; then
  echo "--network is missing (or --single-cluster, when there is only one)" >&2
  usage
  exit 1
fi

if [[ "$ambient" == true ]]; then
  cat <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: istio-eastwestgateway
  namespace: istio-system
  labels:
    topology.istio.io/network: "${network}"
$(if [[ -n "$revision" ]]; then echo "    istio.io/rev: \"${revision}\""; fi)
spec:
  gatewayClassName: istio-east-west
  listeners:
  - name: mesh
    port: 15008
    protocol: HBONE
    tls:
      mode: Terminate
      options:
        gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL
EOF
  exit 0
fi

cat <<EOF
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: eastwest
spec:
  revision: "${revision}"
  profile: empty
  components:
    ingressGateways:
    - name: istio-eastwestgateway
      label:
        istio: eastwestgateway
        app: istio-eastwestgateway
EOF
if [[ "$single_cluster" == false ]]; then
  cat <<EOF
        topology.istio.io/network: ${network}
EOF
fi
cat <<EOF
      enabled: true
      k8s:
EOF
if [[ "$single_cluster" == false ]]; then
  cat <<EOF
        env:
        # Traffic that arrives here is for this network.
        - name: ISTIO_META_REQUESTED_NETWORK_VIEW
          value: ${network}
EOF
fi
cat <<EOF
        service:
          ports:
          - name: status-port
            port: 15021
            targetPort: 15021
          - name: tls
            port: 15443
            targetPort: 15443
          - name: tls-istiod
            port: 15012
            targetPort: 15012
          - name: tls-webhook
            port: 15017
            targetPort: 15017
  values:
    gateways:
      istio-ingressgateway:
        injectionTemplate: gateway
EOF
if [[ "$single_cluster" == false ]]; then
  cat <<EOF
    global:
      network: ${network}
EOF
fi
