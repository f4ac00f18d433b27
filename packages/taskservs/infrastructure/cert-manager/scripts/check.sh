#!/bin/sh
# Tells the version of the chart that runs under the release's name.
set -u
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
if ! command -v helm >/dev/null || [ ! -r "$KUBECONFIG" ]; then exit 0; fi
found=$(helm list --namespace "$CHART_NAMESPACE" --filter "^$CHART_RELEASE\$" --deployed --output json 2>/dev/null)
case $found in
  *"\"chart\":\"$CHART_NAME-$CHART_VERSION\""*) printf 'chart %s\t%s\n' "$CHART_RELEASE" "$CHART_VERSION" ;;
esac
