{{/*
Values of Istio 1.1 in today's names, below what was set in today's names, above the defaults of charts/istiod.
It takes the place of the shared charts' definition of that name; templates/gateways.yaml does the same for gateways.
*/}}
{{- define "isthmus.values" -}}
{{- if not (hasKey . "UserValues") -}}
  {{- $own := deepCopy .Values -}}
  {{- $defaults := dict -}}
  {{- range list "base" "istiod" -}}
    {{- $file := $.Files.Get (printf "defaults/%s.yaml" .) | fromYaml -}}
    {{- $defaults = mustMergeOverwrite $defaults (get $file "_internal_defaults_do_not_set") -}}
  {{- end -}}
  {{- $merged := mustMergeOverwrite $defaults (include "legacy.translated" . | fromYaml) $own -}}
  {{- with $merged.pilot -}}
    {{- $merged = mustMergeOverwrite $merged . -}}
  {{- end -}}
  {{- $_ := set . "UserValues" $own -}}
  {{- $_ := set . "Values" $merged -}}
{{- end -}}
{{- end -}}

{{/* Today's names for what the values of Istio 1.1 ask for. */}}
{{- define "legacy.translated" -}}
{{- $global := .Values.global -}}
defaultRevision: default
requirePluggedInCA: {{ not .Values.security.selfSigned }}
extraContainerArgs:
# Remote proxies of that time expect discovery over TLS there.
- --legacy-secure-grpc-address=:15011
meshConfig:
  enableAutoMtls: {{ $global.mtls.enabled }}
  accessLogFile: {{ $global.proxy.accessLogFile | quote }}
  accessLogFormat: {{ $global.proxy.accessLogFormat | quote }}
  accessLogEncoding: {{ $global.proxy.accessLogEncoding }}
  serviceSettings:
  # Every cluster has a Service of that name; what stands behind another cluster's is not this one's.
  - settings:
      clusterLocal: true
    hosts: [{{ include "legacy.pilot-host" . }}.{{ $global.proxy.clusterDomain | default "cluster.local" }}]
  {{- if $global.istioRemote }}
  defaultConfig:
    discoveryAddress: {{ include "legacy.pilot-host" . }}:{{ ternary 15011 15010 $global.controlPlaneSecurityEnabled }}
    proxyMetadata:
      # The control plane cannot ask this cluster about tokens before it has its credentials.
      XDS_CLIENT_CERTIFICATE: "true"
  {{- end }}
global:
  istioNamespace: {{ .Release.Namespace }}
  readerServiceAccountName: istio-multi
  {{- if $global.istioRemote }}
  # The mesh's configuration is in the cluster of the control plane.
  configValidation: false
  {{- end }}
{{- end -}}

{{- define "legacy.pilot-host" -}}
istio-pilot.{{ .Release.Namespace }}.svc
{{- end -}}

{{- define "legacy.labels" -}}
release: {{ .Release.Name }}
{{ include "base.common-labels" . }}
{{- end -}}

{{/* A line for each value that was set and has no effect. Arguments: values, sentences by the same names, prefix. */}}
{{- define "legacy.history" -}}
{{- $values := index . 0 -}}
{{- $prefix := index . 2 -}}
{{- range $name, $sentence := index . 1 -}}
{{- if and $values (kindIs "map" $values) (hasKey $values $name) -}}
{{- if kindIs "map" $sentence -}}
{{- include "legacy.history" (list (get $values $name) $sentence (printf "%s%s." $prefix $name)) -}}
{{- else }}
{{ $prefix }}{{ $name }} has no effect: {{ $sentence }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The same for a chart. */}}
{{- define "legacy.warnings" -}}
{{- include "legacy.history" (list .UserValues (.Files.Get "defaults/history.yaml" | fromYaml) "") | trim -}}
{{- end -}}
