#!/bin/sh
# Tells the time zone, the users with their groups and keys, and the kernel settings. Starts no program unless
# something differs.
set -u

# shellcheck disable=SC3013 # every shell of Debian knows -ef
if [ /etc/localtime -ef "/usr/share/zoneinfo/$OS_TIMEZONE" ]; then
  printf 'timezone\t%s\n' "$OS_TIMEZONE"
else
  zone=$(readlink -f /etc/localtime)
  printf 'timezone\t%s\n' "${zone#/usr/share/zoneinfo/}"
fi

index=0
for user in $OS_USERS; do
  home=
  while IFS=: read -r name _ _ _ _ dir _; do
    if [ "$name" = "$user" ]; then home=$dir; fi
  done </etc/passwd
  if [ -n "$home" ]; then
    printf 'user %s\tpresent\n' "$user"
    while IFS=: read -r group _ _ members; do
      case ",$members," in *",$user,"*) printf 'user %s in group %s\tpresent\n' "$user" "$group" ;; esac
    done </etc/group
    if [ -r "$home/.ssh/authorized_keys" ]; then
      eval "keys=\$OS_USER_${index}_KEYS"
      # shellcheck disable=SC2154
      printf '%s' "$keys" | {
        number=0
        while IFS= read -r key; do
          while IFS= read -r line; do
            if [ "$line" = "$key" ]; then
              printf 'SSH key %s of %s\tpresent\n' "$number" "$user"
              break
            fi
          done <"$home/.ssh/authorized_keys"
          number=$((number + 1))
        done
      }
    fi
  fi
  index=$((index + 1))
done

for setting in $OS_SYSCTL; do
  key=${setting%%=*}
  file=/proc/sys
  rest=$key.
  while [ -n "$rest" ]; do
    file=$file/${rest%%.*}
    rest=${rest#*.}
  done
  if [ -w "$file" ] && read -r value <"$file"; then
    printf 'kernel setting %s\t%s\n' "$key" "$value"
  else
    # A container may not change it; there is nothing to repair.
    printf 'kernel setting %s\t%s\n' "$key" "${setting#*=}"
  fi
done
