#!/bin/sh
# Tries the image's steps without Docker: in a chroot of Debian that debootstrap makes. As root:
#   npm run build && npm pack && sh packaging/image/try-image.sh karikagi-0.1.0.tgz
# What it does not try: the layers, volumes and health checks of Docker itself.
set -eu
package=$(readlink -f "$1")
steps=$(readlink -f "$(dirname "$0")/install.sh")
root=${2:-$(mktemp -d)}
[ -x "$root/usr/bin/node" ] || debootstrap --variant=minbase --include=nodejs,ca-certificates trixie "$root"
# As in the image of Node.js, npm is not Debian's, which takes hundreds of packages.
mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/bin"
cp -a "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
cp "$package" "$root/package.tgz"
cp "$steps" "$root/install.sh"
cp /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -f "${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}" ] || cp "${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}" "$root/root/.npmrc"
chroot "$root" sh /install.sh /package.tgz
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
