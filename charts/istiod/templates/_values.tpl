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
      {{- if and (eq $kind "profile") (contains "ambient" $name) -}}
        {{- fail (printf "profile %q: ambient mode is not served; proxies run as sidecars, for which profile default is meant" $name) -}}
      {{- end -}}
      {{- if and (eq $kind "profile") (not ($.Files.Get $file)) (not (has $name (list "default" "empty" "minimal" "openshift"))) -}}
        {{- $known := list -}}
        {{- range $path, $_ := $.Files.Glob "files/profile-*.yaml" -}}
          {{- $known = append $known ($path | base | trimPrefix "profile-" | trimSuffix ".yaml") -}}
        {{- end -}}
        {{- fail (printf "unknown profile %q: this chart has %s" $name (join ", " $known)) -}}
      {{- end -}}
      {{- $layers = append $layers $file -}}
    {{- end -}}
  {{- end -}}
  {{- /* sorted, the platform came first; reversed, it has the last word */ -}}
  {{- range reverse $layers -}}
    {{- $defaults = mustMergeOverwrite $defaults ($.Files.Get . | fromYaml) -}}
  {{- end -}}
  {{- $_ := set . "UserValues" (deepCopy $own) -}}
  {{- $merged := mustMergeOverwrite $defaults $own -}}
  {{- with $merged.pilot -}}
    {{- $merged = mustMergeOverwrite $merged . -}}
  {{- end -}}
  {{- $_ := set . "Values" $merged -}}
{{- end -}}
{{- end -}}
