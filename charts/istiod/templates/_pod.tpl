{{/* Environment of the control plane, in Istio's names. */}}
{{- define "istiod.environment" -}}
{{- $global := .Values.global -}}
- name: REVISION
  value: {{ .Values.revision | default "default" | quote }}
- name: PILOT_CERT_PROVIDER
  value: {{ $global.pilotCertProvider }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.namespace
- name: SERVICE_ACCOUNT
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: spec.serviceAccountName
- name: KUBECONFIG
  value: /var/run/secrets/remote/config
- name: CA_TRUSTED_NODE_ACCOUNTS
  value: {{ .Values.trustedZtunnelNamespace | default .Release.Namespace }}/ztunnel
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.envVarFrom }}
{{ toYaml . }}
{{- end }}
- name: PILOT_TRACE_SAMPLING
  value: {{ .Values.traceSampling | quote }}
{{- if $global.externalIstiod }}
- name: EXTERNAL_ISTIOD
  value: "true"
{{- end }}
{{- with $global.trustBundleName }}
- name: PILOT_CA_CERT_CONFIGMAP
  value: {{ . | quote }}
{{- end }}
- name: PILOT_ENABLE_ANALYSIS
  value: {{ $global.istiod.enableAnalysis | quote }}
- name: CLUSTER_ID
  value: {{ $global.multiCluster.clusterName | default "Kubernetes" | quote }}
{{- with $global.platform }}
- name: PLATFORM
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "istiod.mounts" -}}
- name: istio-token
  mountPath: /var/run/secrets/tokens
  readOnly: true
- name: local-certs
  mountPath: /var/run/secrets/istio-dns
- name: cacerts
  mountPath: /etc/cacerts
  readOnly: true
- name: istio-kubeconfig
  mountPath: /var/run/secrets/remote
  readOnly: true
{{- if .Values.jwksResolverExtraRootCA }}
- name: extracacerts
  mountPath: /cacerts
{{- end }}
- name: istio-csr-dns-cert
  mountPath: /var/run/secrets/istiod/tls
  readOnly: true
- name: istio-csr-ca-configmap
  mountPath: /var/run/secrets/istiod/ca
  readOnly: true
{{- with .Values.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "istiod.volumes" -}}
# Proves who the control plane is to a certificate authority elsewhere.
- name: istio-token
  projected:
    sources:
    - serviceAccountToken:
        audience: {{ .Values.global.sds.token.aud }}
        expirationSeconds: 43200
        path: istio-token
- name: local-certs
  emptyDir:
    medium: Memory
# A plugged-in certificate authority; made up when it is missing.
- name: cacerts
  secret:
    secretName: cacerts
    optional: {{ not .Values.requirePluggedInCA }}
# Credentials for the cluster whose configuration is read, when that is another one.
- name: istio-kubeconfig
  secret:
    secretName: istio-kubeconfig
    optional: true
# A serving certificate of the user's.
- name: istio-csr-dns-cert
  secret:
    secretName: istiod-tls
    optional: true
- name: istio-csr-ca-configmap
  configMap:
    name: {{ .Values.global.trustBundleName | default "istio-ca-root-cert" }}
    defaultMode: 420
    optional: true
{{- if .Values.jwksResolverExtraRootCA }}
- name: extracacerts
  configMap:
    name: pilot-jwks-extra-cacerts{{ template "istiod.suffix" . }}
{{- end }}
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
