{{/* The section of `gateways` that this release renders, as YAML. */}}
{{- define "gateway.section" -}}
{{- index .Values.gateways .Values.gateway | toYaml -}}
{{- end -}}

{{- define "gateway.component" -}}
{{- if eq .Values.gateway "istio-egressgateway" }}EgressGateways{{ else }}IngressGateways{{ end -}}
{{- end -}}

{{- define "gateway.common-labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: istio
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{/* What every object of the gateway carries beside the user's labels. */}}
{{- define "gateway.labels" -}}
release: {{ .Release.Name }}
istio.io/rev: {{ .Values.revision | default "default" | quote }}
install.operator.istio.io/owning-resource: {{ .Values.ownerName | default "unknown" }}
operator.istio.io/component: {{ include "gateway.component" . }}
app.kubernetes.io/name: {{ .Values.gateway }}
{{ include "gateway.common-labels" . }}
{{- end -}}

{{/* The same with the user's labels, which win. Arguments: root, the gateway's section. */}}
{{- define "gateway.all-labels" -}}
{{- mustMergeOverwrite (include "gateway.labels" (index . 0) | fromYaml) (deepCopy (index . 1).labels) | toYaml -}}
{{- end -}}

{{- define "gateway.image" -}}
{{- $image := .Values.global.proxy.image -}}
{{- if contains "/" $image -}}
{{ $image }}
{{- else -}}
{{ .Values.global.hub }}/{{ $image }}:{{ .Values.global.tag }}{{ with .Values.global.variant }}-{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{/* The address of discovery and certificates. */}}
{{- define "gateway.istiod" -}}
istiod{{ if .Values.revision }}-{{ .Values.revision }}{{ end }}.{{ .Values.global.istioNamespace }}.svc:15012
{{- end -}}
