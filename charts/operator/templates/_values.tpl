{{/*
Puts defaults, profile, platform and the user's values together, once per chart; every template starts with it.
*/}}
{{- define "isthmus.values" -}}
{{- if hasKey .Values "_internal_defaults_do_not_set" -}}
  {{- $defaults := get .Values "_internal_defaults_do_not_set" -}}
  {{- $own := omit .Values "_internal_defaults_do_not_set" -}}
  {{- $global := $own.global | default dict -}}
  {{- $layers := list -}}
  {{- range $kind, $name := dict "profile" ($own.profile | default $defaults.profile) "platform" ($global.platform | default $defaults.global.platform) -}}
    {{- if $name -}}
      {{- $file := printf "files/%s-%s.yaml" $kind $name -}}
      {{- $layers = append $layers $file -}}
    {{- end -}}
  {{- end -}}
  {{- /* sorted, the platform came first; reversed, it has the last word */ -}}
  {{- range reverse $layers -}}
    {{- $defaults = mustMergeOverwrite $defaults ($.Files.Get . | fromYaml) -}}
  {{- end -}}
  {{- $_ := set . "UserValues" (deepCopy $own) -}}
  {{- $merged := mustMergeOverwrite $defaults $own -}}
  {{- $_ := set . "Values" $merged -}}
{{- end -}}
{{- end -}}
