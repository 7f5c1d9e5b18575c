{{/* Environment of a gateway's proxy that no webhook fills in. Arguments: root, the gateway's section. */}}
{{- define "gateway.environment" -}}
{{- $root := index . 0 -}}
{{- $gateway := index . 1 -}}
{{- $global := $root.Values.global -}}
- name: PILOT_CERT_PROVIDER
  value: {{ $global.pilotCertProvider }}
- name: CA_ADDR
  value: {{ $global.caAddress | default (include "gateway.istiod" $root) }}
{{- range $name, $path := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "INSTANCE_IP" "status.podIP" "HOST_IP" "status.hostIP" "SERVICE_ACCOUNT" "spec.serviceAccountName" "ISTIO_META_NODE_NAME" "spec.nodeName" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: {{ $path }}
{{- end }}
- name: ISTIO_CPU_LIMIT
  valueFrom:
    resourceFieldRef:
      resource: limits.cpu
- name: PROXY_CONFIG
  value: |
    {{ mustMergeOverwrite (dict "discoveryAddress" (include "gateway.istiod" $root)) (($root.Values.meshConfig).defaultConfig | default dict) | toJson }}
- name: ISTIO_META_WORKLOAD_NAME
  value: {{ $gateway.name }}
- name: ISTIO_META_OWNER
  value: kubernetes://apis/apps/v1/namespaces/{{ $root.Release.Namespace }}/deployments/{{ $gateway.name }}
{{- with ($global.meshID | default $global.trustDomain) }}
- name: ISTIO_META_MESH_ID
  value: {{ . | quote }}
{{- end }}
{{- with $global.trustDomain }}
- name: TRUST_DOMAIN
  value: {{ . | quote }}
{{- end }}
{{- if not $gateway.runAsRoot }}
- name: ISTIO_META_UNPRIVILEGED_POD
  value: "true"
{{- end }}
- name: ISTIO_META_CLUSTER_ID
  value: {{ $global.multiCluster.clusterName | default "Kubernetes" | quote }}
{{- with $global.caName }}
- name: CA_PROVIDER
  value: {{ . | quote }}
{{- end }}
{{- if and $global.network (not (hasKey $gateway.env "ISTIO_META_NETWORK")) }}
- name: ISTIO_META_NETWORK
  value: {{ $global.network | quote }}
{{- end }}
{{- range $name, $value := $gateway.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "gateway.mounts" -}}
{{- $gateway := index . 1 -}}
- {name: workload-socket, mountPath: /var/run/secrets/workload-spiffe-uds}
- {name: credential-socket, mountPath: /var/run/secrets/credential-uds}
- {name: workload-certs, mountPath: /var/run/secrets/workload-spiffe-credentials}
- {name: istio-envoy, mountPath: /etc/istio/proxy}
- {name: config-volume, mountPath: /etc/istio/config}
- {name: istiod-ca-cert, mountPath: /var/run/secrets/istio}
- {name: istio-token, mountPath: /var/run/secrets/tokens, readOnly: true}
- {name: istio-data, mountPath: /var/lib/istio/data}
- {name: podinfo, mountPath: /etc/istio/pod}
{{- range concat ($gateway.secretVolumes | default list) ($gateway.configVolumes | default list) }}
- name: {{ .name }}
  mountPath: {{ .mountPath | quote }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "gateway.volumes" -}}
{{- $root := index . 0 -}}
{{- $gateway := index . 1 -}}
- {name: workload-socket, emptyDir: {}}
- {name: credential-socket, emptyDir: {}}
- {name: workload-certs, emptyDir: {}}
- name: istiod-ca-cert
  configMap:
    name: {{ $root.Values.global.trustBundleName | default "istio-ca-root-cert" }}
- name: podinfo
  downwardAPI:
    items:
    - path: labels
      fieldRef:
        fieldPath: metadata.labels
    - path: annotations
      fieldRef:
        fieldPath: metadata.annotations
- name: istio-envoy
  emptyDir:
    medium: Memory
- {name: istio-data, emptyDir: {}}
- name: istio-token
  projected:
    sources:
    - serviceAccountToken:
        path: istio-token
        expirationSeconds: 43200
        audience: {{ $root.Values.global.sds.token.aud }}
- name: config-volume
  configMap:
    name: istio{{ with $root.Values.revision }}-{{ . }}{{ end }}
    optional: true
{{- range $gateway.secretVolumes }}
- name: {{ .name }}
  secret:
    secretName: {{ .secretName | quote }}
    optional: true
{{- end }}
{{- range $gateway.configVolumes }}
- name: {{ .name }}
  configMap:
    name: {{ .configMapName | quote }}
    optional: true
{{- end }}
{{- end -}}
