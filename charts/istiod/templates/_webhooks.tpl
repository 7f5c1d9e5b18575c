{{/*
One webhook that asks for sidecars. Arguments: root, name prefix, whether a given caBundle is written,
namespace expressions, object expressions.
*/}}
{{- define "istiod.injection-webhook" -}}
{{- $root := index . 0 -}}
- name: {{ index . 1 }}sidecar-injector.istio.io
  clientConfig:
    {{- include "istiod.webhook-client" (list $root (index . 2)) | nindent 4 }}
  sideEffects: None
  rules:
  - operations: [CREATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [pods]
  failurePolicy: Fail
  reinvocationPolicy: {{ $root.Values.sidecarInjectorWebhook.reinvocationPolicy | quote }}
  admissionReviewVersions: [v1]
  namespaceSelector:
    matchExpressions:
      {{- index . 3 | toYaml | nindent 4 }}
  objectSelector:
    matchExpressions:
      {{- index . 4 | toYaml | nindent 4 }}
{{- end -}}

{{/* Webhooks for namespaces and pods that name a revision, or a tag. Arguments: root, name, caBundle. */}}
{{- define "istiod.revision-webhooks" -}}
{{- $revision := dict "key" "istio.io/rev" "operator" "In" "values" (list (index . 1)) -}}
{{- $noRevision := dict "key" "istio.io/rev" "operator" "DoesNotExist" -}}
{{- $noInjection := dict "key" "istio-injection" "operator" "DoesNotExist" -}}
{{- $notRefused := dict "key" "sidecar.istio.io/inject" "operator" "NotIn" "values" (list "false") -}}
{{ include "istiod.injection-webhook" (list (index . 0) "rev.namespace." (index . 2) (list $revision $noInjection) (list $notRefused)) }}
{{ include "istiod.injection-webhook" (list (index . 0) "rev.object." (index . 2) (list $noRevision $noInjection) (list $notRefused $revision)) }}
{{- end -}}

{{/* Webhooks for namespaces labelled istio-injection, and pods that ask themselves. Arguments: root, caBundle. */}}
{{- define "istiod.default-webhooks" -}}
{{- $root := index . 0 -}}
{{- $noRevision := dict "key" "istio.io/rev" "operator" "DoesNotExist" -}}
{{- $noInjection := dict "key" "istio-injection" "operator" "DoesNotExist" -}}
{{- $enabled := dict "key" "istio-injection" "operator" "In" "values" (list "enabled") -}}
{{- $notRefused := dict "key" "sidecar.istio.io/inject" "operator" "NotIn" "values" (list "false") -}}
{{- $asked := dict "key" "sidecar.istio.io/inject" "operator" "In" "values" (list "true") -}}
{{- $unasked := dict "key" "sidecar.istio.io/inject" "operator" "DoesNotExist" -}}
{{- $system := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" (list "kube-system" "kube-public" "kube-node-lease" "local-path-storage") -}}
{{ include "istiod.injection-webhook" (list $root "namespace." (index . 1) (list $enabled) (list $notRefused)) }}
{{ include "istiod.injection-webhook" (list $root "object." (index . 1) (list $noInjection $noRevision) (list $asked $noRevision)) }}
{{- if $root.Values.sidecarInjectorWebhook.enableNamespacesByDefault }}
{{ include "istiod.injection-webhook" (list $root "auto." (index . 1) (list $noInjection $noRevision $system) (list $unasked $noRevision)) }}
{{- end }}
{{- end -}}
