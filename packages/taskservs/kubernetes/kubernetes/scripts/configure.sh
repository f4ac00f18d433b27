#!/bin/sh
# The storage class that claims without one get, once it is there; policies and quotas of namespaces.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
if [ -n "$K8S_STORAGE_CLASS" ] && kubectl get storageclass "$K8S_STORAGE_CLASS" >/dev/null 2>&1; then
  kubectl annotate --overwrite storageclass "$K8S_STORAGE_CLASS" storageclass.kubernetes.io/is-default-class=true
fi
for namespace in $K8S_QUOTA_NAMESPACES; do
  kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"
done
policies=/etc/kubernetes/provisioning-policies.yaml
kubectl apply -f "$policies"
# What the definition no longer has goes: its name does not stand in the file.
kubectl get networkpolicies,resourcequotas -A -l provisioning/policy=yes --no-headers \
  -o custom-columns=:kind,:metadata.namespace,:metadata.name |
  while read -r kind namespace name; do
    grep -A 3 "^kind: $kind\$" "$policies" | grep -q "{name: $name, namespace: $namespace," ||
      kubectl delete "$kind" --namespace "$namespace" "$name"
  done
