#!/bin/sh
# Tries the image's steps without Docker: in a chroot of Debian that debootstrap makes. As root:
#   npm run build && npm pack && sh packaging/image/try-image.sh karikagi-0.1.0.tgz
# A second argument names a root that debootstrap made before. What it does not try: the layers, volumes and health
# checks of Docker itself.
set -eu
package=$(readlink -f "$1")
steps=$(readlink -f "$(dirname "$0")/install.sh")
root=${2:-$(mktemp -d)}
[ -e "$root/usr/bin/dpkg" ] || debootstrap --variant=minbase bookworm "$root"
# As in the image of Node.js: in /usr/local, and with npm beside it. Here they are this machine's.
mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/bin"
cp "$(readlink -f "$(command -v node)")" "$root/usr/local/bin/node"
cp -a "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
cp "$package" "$root/package.tgz"
cp "$steps" "$root/install.sh"
# How this machine reaches the registry.
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/etc/ssl/certs"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
npmrc=${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}
[ ! -f "$npmrc" ] || cp "$npmrc" "$root/root/.npmrc"
HOME=/root chroot "$root" sh /install.sh /package.tgz
rm -f "$root/root/.npmrc"
# As the image starts it: not root, with nothing to write to but its volume, and a network of its own.
unshare --mount --net --pid --fork --kill-child sh -eu -c '
  ip link set lo up
  mount --rbind "$1" "$1"
  mount -o remount,bind,ro "$1"
  mount -t tmpfs tmpfs "$1/tmp"
  mount -t tmpfs -o uid=10001,gid=10001,mode=0700 tmpfs "$1/var/lib/karikagi"
  mount -t proc proc "$1/proc"
  mount --bind /dev "$1/dev"
  as="chroot --userspec=10001:10001 $1 env -i PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production"
  $as KARIKAGI_DATA=/var/lib/karikagi KARIKAGI_HOST=0.0.0.0 karikagi serve &
  for try in $(seq 60); do $as karikagi health && break; sleep 1; done
  $as karikagi health
' sh "$root"
echo "The image's steps work, in $root."
