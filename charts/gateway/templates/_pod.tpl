{{/* The pod of a Deployment or DaemonSet. */}}
{{- define "gateway.pod" -}}
metadata:
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  labels:
    {{- include "gateway.pod-labels" . | nindent 4 }}
spec:
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 2 }}
  {{- end }}
  serviceAccountName: {{ include "gateway.service-account" . }}
  securityContext:
  {{- if .Values.securityContext }}
    {{- toYaml .Values.securityContext | nindent 4 }}
  {{- else if eq (.Values.unprivilegedPort | toString) "false" }} {}
  {{- else }}
    # Ports below 1024 for everybody in this pod, so that the proxy needs no rights.
    sysctls:
    - name: net.ipv4.ip_unprivileged_port_start
      value: "0"
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 2 }}
  {{- end }}
  containers:
  - name: istio-proxy
    # The webhook puts in the image and everything else that is not said here.
    # That name has no tag, for which Kubernetes would choose to pull at every start.
    image: auto
    imagePullPolicy: {{ .Values.imagePullPolicy | default "IfNotPresent" }}
    securityContext:
    {{- if .Values.containerSecurityContext }}
      {{- toYaml .Values.containerSecurityContext | nindent 6 }}
    {{- else }}
      capabilities:
        drop: [ALL]
      allowPrivilegeEscalation: false
      privileged: false
      readOnlyRootFilesystem: true
      runAsUser: 1337
      runAsGroup: 1337
      runAsNonRoot: true
    {{- end }}
    {{- if or .Values.env .Values.envVarFrom .Values.networkGateway }}
    env:
    {{- with .Values.networkGateway }}
    - name: ISTIO_META_REQUESTED_NETWORK_VIEW
      value: {{ . | quote }}
    {{- end }}
    {{- range $name, $value := .Values.env }}
    - name: {{ $name }}
      value: {{ $value | quote }}
    {{- end }}
    {{- with .Values.envVarFrom }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
    ports:
    - containerPort: 15090
      protocol: TCP
      name: http-envoy-prom
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    {{- range $field := list "volumeMounts" "readinessProbe" "lifecycle" }}
    {{- with get $.Values $field }}
    {{ $field }}:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
  {{- with .Values.additionalContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- range $field := list "nodeSelector" "affinity" "tolerations" "topologySpreadConstraints" "volumes" }}
  {{- with get $.Values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
{{- end -}}
