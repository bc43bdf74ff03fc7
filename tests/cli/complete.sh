# What may come next, from the tables; the scripts of the shells ask this, and must be scripts that their shells read.
ask() { echo "\$ ... $*"; gradus complete -- "$@" | cut -f1; }
ask expl
ask list sched
ask list --js
ask list --color ''
ask list --color=a
ask completion ''
ask spec schedule cosi
ask spec schedule 'warmup(5%) > cosi'
ask spec schedule "'warmup(5%) > cosi"
ask spec schedule 'warmup(5%) c'
ask spec schedule 'cosine(t'
ask spec schedule 'cosine(past=re'
ask spec schedule 'cosine(like=to'
ask spec schedule 'cosine("'
ask explain cosi
ask help li
for shell in bash zsh fish; do
    gradus completion $shell > script
    if command -v $shell > /dev/null; then $shell -n script; fi
done
gradus completion tcsh || echo "[$?]"
if command -v bash > /dev/null; then
    cat > ask.bash <<'END'
eval "$(gradus completion bash)"
ask() { COMP_LINE=$1 COMP_POINT=${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=(); _gradus 2>/dev/null; echo "$COMP_LINE -> ${COMPREPLY[*]}"; }
ask "gradus expl" gradus expl
ask "gradus list --color=a" gradus list --color = a
ask "gradus list --color=" gradus list --color =
ask "gradus spec schedule 'hold(3) > cosi" gradus spec schedule "'hold(3) > cosi"
END
    bash ask.bash
fi
