{{- define "gateway.name" -}}
{{- .Values.name | default .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "gateway.service-account" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "gateway.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* By these labels resources of kind Gateway find the proxy; a label of the user's replaces ours. */}}
{{- define "gateway.selector-labels" -}}
app: {{ .Values.labels.app | default (include "gateway.name" .) | quote }}
istio: {{ .Values.labels.istio | default (include "gateway.name" . | trimPrefix "istio-") | quote }}
{{- end -}}

{{- define "gateway.labels" -}}
{{- $labels := include "gateway.selector-labels" . | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/name" (include "gateway.name" .) -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $labels "app.kubernetes.io/instance" .Release.Name -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "istio" -}}
{{- $_ := set $labels "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- with .Values.ownerName -}}
{{- $_ := set $labels "install.operator.istio.io/owning-resource" . -}}
{{- end -}}
{{- with .Values.networkGateway -}}
{{- $_ := set $labels "topology.istio.io/network" . -}}
{{- end -}}
{{- mustMergeOverwrite $labels (deepCopy .Values.labels) | toYaml -}}
{{- end -}}

{{- define "gateway.pod-labels" -}}
{{- $labels := include "gateway.labels" . | fromYaml -}}
{{- $_ := set $labels "sidecar.istio.io/inject" "true" -}}
{{- $_ := set $labels "istio.io/dataplane-mode" "none" -}}
{{- $_ := set $labels "service.istio.io/canonical-name" (include "gateway.name" .) -}}
{{- $_ := set $labels "service.istio.io/canonical-revision" (get .Values.labels "version" | default (get .Values.labels "app.kubernetes.io/version") | default "latest") -}}
{{- with .Values.revision -}}
{{- $_ := set $labels "istio.io/rev" . -}}
{{- end -}}
{{- $labels | toYaml -}}
{{- end -}}
