#!/bin/sh
# Installs or upgrades the operator and, once disks are named, the cluster; waits until what they bring is ready.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
charts=/etc/provisioning/charts
helm upgrade --install "$CHART_RELEASE" "$CHART_NAME" --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m \
  --values "$charts/$CHART_RELEASE.yaml" --values "$charts/$CHART_RELEASE.extra.json"
# A cluster that is there stays when its disks are not named any more: it holds data.
[ "$CEPH_CLUSTER" = false ] || helm upgrade --install rook-ceph-cluster rook-ceph-cluster --repo "$CHART_REPOSITORY" \
  --version "$CHART_VERSION" --namespace "$CHART_NAMESPACE" --wait --timeout 10m --values "$charts/rook-ceph.cluster.yaml"
