{{/* "-canary" for revision canary, nothing for the default one. */}}
{{- define "istiod.suffix" -}}
{{- if .Values.revision }}-{{ .Values.revision }}{{ end -}}
{{- end -}}

{{- define "istiod.name" -}}
istiod{{ template "istiod.suffix" . }}
{{- end -}}

{{/* Names of webhook configurations: cluster-wide, so they carry the namespace unless it is the usual one. */}}
{{- define "istiod.namespace-suffix" -}}
{{- if ne .Release.Namespace "istio-system" }}-{{ .Release.Namespace }}{{ end -}}
{{- end -}}

{{- define "istiod.image" -}}
{{- if contains "/" .Values.image -}}
{{ .Values.image }}
{{- else -}}
{{ .Values.hub | default .Values.global.hub }}/{{ .Values.image }}:{{ .Values.tag | default .Values.global.tag }}
{{- with (.Values.variant | default .Values.global.variant) }}-{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{/* "true" when a control plane runs in this cluster. */}}
{{- define "istiod.is-local" -}}
{{- if or (not .Values.istiodRemote.enabled) .Values.istiodRemote.enabledLocalInjectorIstiod }}true{{ end -}}
{{- end -}}

{{/* "true" when the mesh's configuration is read from this cluster, by whichever control plane. */}}
{{- define "istiod.holds-configuration" -}}
{{- if or (include "istiod.is-local" .) .Values.global.configCluster }}true{{ end -}}
{{- end -}}

{{/* global.resourceScope: what is namespaced, and what is not, may be installed by different people. */}}
{{- define "istiod.renders-namespaced" -}}
{{- if ne .Values.global.resourceScope "cluster" }}true{{ end -}}
{{- end -}}

{{- define "istiod.renders-cluster-wide" -}}
{{- if ne .Values.global.resourceScope "namespace" }}true{{ end -}}
{{- end -}}

{{/* How the API server reaches the webhooks: `path` is appended to the Service, or a URL stands instead. */}}
{{- define "istiod.webhook-client" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.istiodRemote.injectionURL -}}
url: {{ $root.Values.istiodRemote.injectionURL | quote }}
{{- else -}}
service:
  name: {{ template "istiod.name" $root }}
  namespace: {{ $root.Release.Namespace }}
  path: {{ $root.Values.istiodRemote.injectionPath | quote }}
  port: 443
{{- end }}
{{- if and (index . 1) $root.Values.istiodRemote.injectionCABundle }}
caBundle: {{ $root.Values.istiodRemote.injectionCABundle | quote }}
{{- end }}
{{- end -}}
