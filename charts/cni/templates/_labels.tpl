{{- define "cni.common-labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: istio
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{/* What every object carries; uninstall finds them by the component. */}}
{{- define "cni.labels" -}}
app: istio-cni
istio.io/rev: {{ .Values.revision | default "default" | quote }}
install.operator.istio.io/owning-resource: {{ .Values.ownerName | default "unknown" }}
operator.istio.io/component: Cni
release: {{ .Release.Name }}
app.kubernetes.io/name: istio-cni
{{ include "cni.common-labels" . }}
{{- end -}}

{{- define "cni.image" -}}
{{- if contains "/" .Values.image -}}
{{ .Values.image }}
{{- else -}}
{{ .Values.hub | default .Values.global.hub }}/{{ .Values.image }}:{{ .Values.tag | default .Values.global.tag }}
{{- with (.Values.variant | default .Values.global.variant) }}-{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{/* global.resourceScope: what is namespaced, and what is not, may be installed by different people. */}}
{{- define "cni.renders-namespaced" -}}
{{- if ne .Values.global.resourceScope "cluster" }}true{{ end -}}
{{- end -}}

{{- define "cni.renders-cluster-wide" -}}
{{- if ne .Values.global.resourceScope "namespace" }}true{{ end -}}
{{- end -}}
