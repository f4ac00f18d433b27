/** The part of the program on the host that adds package repositories and takes them away; see `runner.ts`. */
export const repositoriesScript = String.raw`
put_repository() {
  list=/etc/apt/sources.list.d/provisioning-$1.list
  key=/etc/apt/keyrings/provisioning-$1.asc
  if contains "$before" "$4  $list" && [ -s "$key" ]; then return; fi
  begin repository
  case $2 in
    *\ https:*) if [ ! -s /etc/ssl/certs/ca-certificates.crt ]; then install_packages ca-certificates || fail PACKAGES_FAILED ca-certificates; fi ;;
  esac
  mkdir -p /etc/apt/keyrings && download "$3" "$key.new" && chmod 644 "$key.new" && mv -f "$key.new" "$key" ||
    { rm -f "$key.new"; fail DOWNLOAD_FAILED "$3"; }
  printf '%s\n' "$2" >"$list" || fail FILE_FAILED "$list"
  if ! apt update -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0; then
    rm -f "$list"
    fail DOWNLOAD_FAILED "the package lists of $2"
  fi
  finish
}
remove_repository() {
  rm -f "/etc/apt/sources.list.d/provisioning-$1.list" "/etc/apt/keyrings/provisioning-$1.asc"
}
`;
