{{- define "operator.labels" -}}
app.kubernetes.io/name: istio-operator
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: istio
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{/* Names of what is not in a namespace carry the namespace, so that two operators do not share them by mistake. */}}
{{- define "operator.cluster-name" -}}
istio-operator{{ if ne .Release.Namespace "istio-operator" }}-{{ .Release.Namespace }}{{ end -}}
{{- end -}}
