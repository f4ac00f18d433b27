/** Part of the program on the host: files put in place or put back, downloads checked against their sums. */
export const filesScript = String.raw`
own() { chown "$2:$3" "$1" && chmod "$4" "$1"; }
put_file() {
  source=$1 path=$2 hash=$3 mode=$4 owner=$5 group=$6 on_change=$7 validate=$8
  if contains "$before" "$hash  $path"; then
    contains "$before" "mode$tab$path$tab$mode $owner:$group" || own "$path" "$owner" "$group" "$mode"
    return
  fi
  new="$path.provisioning-new"
  mkdir -p "$(dirname "$path")" && cp "files/$source" "$new" && own "$new" "$owner" "$group" "$mode" ||
    { rm -f "$new"; fail FILE_FAILED "$path"; }
  if [ -n "$validate" ] && ! FILE=$new sh -c "$validate" </dev/null 2>&1 9>&-; then
    rm -f "$new"
    fail FILE_INVALID "$path"
  fi
  if [ -n "$recorded" ] && [ -f "$path" ]; then
    mkdir -p backup && cp -p "$path" "backup/$source" && printf '%s\t%s\n' "$source" "$path" >>backup.list
  fi
  mv -f "$new" "$path" || fail FILE_FAILED "$path"
  say "changed $path"
  case $path in /etc/systemd/* | /lib/systemd/* | /usr/lib/systemd/*) reload_systemd=yes ;; esac
  case $on_change in restart) restart=yes ;; reload) reload=yes ;; esac
}
restore_files() {
  if [ ! -f backup.list ]; then return 0; fi
  while IFS="$tab" read -r source path; do cp -p "backup/$source" "$path" && say "warn previous $path restored"; done <backup.list
  # shellcheck disable=SC2086
  if [ -n "$UNITS" ]; then systemctl restart $UNITS 2>&1 9>&- || :; fi
}
promised_sum() {
  if [ -n "$2" ]; then printf '%s' "$2"; return; fi
  if [ -z "$3" ]; then fail CHECKSUM "$1 comes without a checksum"; fi
  download "$3" assets/sums >/dev/null || fail DOWNLOAD_FAILED "$3"
  name=\${1##*/}
  while read -r sum file _; do
    if [ -z "$file" ] || [ "\${file#\*}" = "$name" ] || [ "\${file##*/}" = "$name" ]; then printf '%s' "$sum"; return; fi
  done <assets/sums
}
put_asset() {
  url=$1 hash=$2 sums=$3 key=$4 format=$5 member=$6 path=$7 mode=$8
  if contains "$before" "$hash  $path" || contains "$before" "asset$tab$path$tab$key"; then return; fi
  mkdir -p assets "$(dirname "$path")" "$RECORDS/.assets"
  wanted=$(promised_sum "$url" "$hash" "$sums") || { say "error \${wanted#*error }"; exit 1; }
  download "$url" assets/download || fail DOWNLOAD_FAILED "$url"
  found=$(sha256sum <assets/download) || fail DOWNLOAD_FAILED "$url"
  found=\${found%% *}
  if [ "$found" != "$wanted" ]; then fail CHECKSUM "$url has $found, expected \${wanted:-a checksum that its list lacks}"; fi
  if [ "$format" != file ]; then
    mkdir -p assets/unpacked
    case $format in
      tar) tar -x -f assets/download -C assets/unpacked ;;
      zip) unzip -q -o assets/download -d assets/unpacked 2>&1 9>&- ;;
    esac || fail DOWNLOAD_FAILED "$url cannot be unpacked"
    # Some publishers put everything into a folder named after the version.
    unpacked=assets/unpacked/$member
    if [ ! -f "$unpacked" ]; then unpacked=$(find assets/unpacked -type f -path "*/$member" | head -n 1); fi
    if [ -z "$unpacked" ]; then fail DOWNLOAD_FAILED "$url lacks $member"; fi
    cp "$unpacked" "$path.provisioning-new" || fail FILE_FAILED "$path"
  else
    cp assets/download "$path.provisioning-new" || fail FILE_FAILED "$path"
  fi
  chmod "$mode" "$path.provisioning-new" && mv -f "$path.provisioning-new" "$path" || fail FILE_FAILED "$path"
  printf '%s\n' "$key" >"$RECORDS/.assets/$(printf %s "$path" | tr / _)"
  rm -rf assets
  restart=yes
  say "changed $path"
}
download() {
  attempt=1
  while :; do
    if command -v curl >/dev/null; then
      curl -fsSL --connect-timeout 15 --retry 2 -o "$2" "$1" 2>&1 9>&- && return 0
    elif command -v wget >/dev/null; then
      wget -q -T 15 -t 2 -O "$2" "$1" 2>&1 9>&- && return 0
    elif [ -x /usr/lib/apt/apt-helper ]; then
      /usr/lib/apt/apt-helper -o Acquire::http::Timeout=15 download-file "$1" "$2" 2>&1 9>&- && return 0
    fi
    if [ "$attempt" -ge 3 ]; then return 1; fi
    sleep "$attempt"
    attempt=$((attempt + 1))
  done
}
`;
