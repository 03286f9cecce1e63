#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Does the simulation notice when a promise is broken? Each patch in mutants/ (of the pass) and in place/mutants/ (of
# what goes to which master) breaks one, in a copy of the tree; the simulator built from it must fail within SEEDS seeds.
# A patch that no longer applies fails, and so does an oracle that no mutant makes speak.
#
#     tests/simulation/mutants.sh [NAME...]     SEEDS=100000 JOBS=2
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

export SEEDS=${SEEDS:-100000} JOBS=${JOBS:-2}
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT

compiler() {
    if command -v ccache >/dev/null; then set -- ccache "${CC:-gcc}" "$@"; else set -- "${CC:-gcc}" "$@"; fi
    "$@"
}

# The sources of both simulators, as CMake knows them.
sources() {
    sed -n '/^set(CORE_SOURCES/,/)/p' CMakeLists.txt | tr -d '()' | tr ' ' '\n' | grep '\.c$' | while read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
    printf '%s\n' tests/simulation/*.c tests/simulation/place/*.c
}

# The simulator that a patch is for, without what is the other's alone.
link() { # PATCH OBJECTS OUTPUT
    local of_pass=("$2"/tests_simulation_[!p]*.o) of_place=("$2"/tests_simulation_place_*.o)
    case $1 in
    */place/mutants/*) rm "${of_pass[@]}" && compiler -o "$3" "$2"/*.o -lm ;;
    *) rm "${of_place[@]}" && compiler -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o "$3" "$2"/*.o -lm ;;
    esac
}

compile() { # TREE OBJECTS FILE
    (cd "$1" && compiler -std=c11 -O1 -D_GNU_SOURCE -I. -c "$3" -o "$2/${3//\//_}.o")
}

# What is to be compiled after a patch; a header means everything.
touched() {
    local files
    files=$(sed -n 's|^+++ b/||p' "$1" | cut -f1)
    if grep -q '\.h$' <<<"$files"; then sources; else printf '%s\n' "$files"; fi
}

try_mutant() { # PATCH
    local patch=$1 name tree said status=0 file
    name=$(printf '%-28s' "$(basename "$patch" .patch)")
    tree=$(mktemp -d -p "$work")
    cp -r "$work/tree" "$work/objects" "$tree"
    if ! patch --directory="$tree/tree" --strip=1 --fuzz=0 --silent --input="$patch" >/dev/null; then
        echo "$name no longer applies"
        return
    fi
    while read -r file; do
        compile "$tree/tree" "$tree/objects" "$file" || { echo "$name does not build"; return; }
    done < <(touched "$patch")
    link "$patch" "$tree/objects" "$tree/simulate"
    said=$(timeout 900 "$tree/simulate" --seeds "1..$SEEDS" 2>&1) || status=$?
    rm -rf "$tree"
    case $status in
    0) echo "$name survives $SEEDS seeds" ;;
    1) sed -n "s/^seed \([0-9]*\) breaks \([^:]*\): .*/$name caught by \2 after \1 seeds/p" <<<"$said" ;;
    134) echo "$name caught by an assertion" ;;
    *) echo "$name ends with $status" ;;
    esac
}
export -f compiler sources compile link touched try_mutant

patches=()
for name in "${@:-*}"; do
    for patch in tests/simulation/{,place/}mutants/$name.patch; do
        [ ! -f "$patch" ] || patches+=("$PWD/$patch")
    done
done

mkdir "$work/tree" "$work/objects"
cp -r --parents api manifests controller tests/simulation CMakeLists.txt "$work/tree"
# shellcheck disable=SC2016 # the inner shell expands
sources | xargs -P "$JOBS" -I{} bash -c 'compile "$work/tree" "$work/objects" {}'
# shellcheck disable=SC2016
printf '%s\n' "${patches[@]}" | xargs -P "$JOBS" -I{} bash -c 'try_mutant {}' | tee "$work/results"

caught=$(grep -c ' caught by ' "$work/results" || true)
failed=$((${#patches[@]} - caught))
if [ $# -eq 0 ]; then
    while read -r oracle; do
        grep -q " caught by $oracle after " "$work/results" && continue
        echo "no mutant makes $oracle speak"
        failed=$((failed + 1))
    done < <(sed -n 's/.*oracle_break([^,]*, "\([a-z-]*\)".*/\1/p' tests/simulation/*.c tests/simulation/place/*.c | sort -u)
fi
printf '%d passed, %d failed\n' "$caught" "$failed"
[ "$failed" = 0 ]
