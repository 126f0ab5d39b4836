#!/bin/sh
# What the image consists of, beside Debian and Node.js: the package, its user, its directory.
# Takes the file that `npm pack` made. The same steps are run by the Dockerfile and by try-image.sh.
set -eu
npm install --global --omit=dev --no-audit --no-fund "$1"
groupadd --system --gid 10001 karikagi
useradd --system --uid 10001 --gid karikagi --home-dir /var/lib/karikagi --no-create-home --shell /usr/sbin/nologin karikagi
install -d -m 700 -o karikagi -g karikagi /var/lib/karikagi
npm cache clean --force > /dev/null 2>&1
karikagi --version
