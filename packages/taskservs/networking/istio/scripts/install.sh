#!/bin/sh
# Installs or upgrades the charts, resource types first, and waits until what they bring is ready.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
charts=/etc/provisioning/charts
helm upgrade --install istio-base base --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m
helm upgrade --install "$CHART_RELEASE" "$CHART_NAME" --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m \
  --values "$charts/$CHART_RELEASE.yaml" --values "$charts/$CHART_RELEASE.extra.json"
# Gateways are charts of their own, in the same repository.
gateway() {
  if [ "$2" = true ]; then
    helm upgrade --install "$1" gateway --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
      --namespace "$CHART_NAMESPACE" --wait --timeout 10m --values "$charts/istio.gateway.yaml"
  else
    helm uninstall "$1" --namespace "$CHART_NAMESPACE" --ignore-not-found --wait
  fi
}
gateway istio-ingressgateway "$ISTIO_INGRESS"
gateway istio-egressgateway "$ISTIO_EGRESS"
# How strictly services prove to each other who they are, in the whole mesh.
kubectl apply --filename "$charts/istio.mtls.yaml"
