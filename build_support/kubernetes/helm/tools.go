//go:build tools

// Package tools lists the programs, so that go.mod pins them.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
