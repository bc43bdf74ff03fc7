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
# settings, and what lies inside them: of the run file and of the words before
printf 'model: conv(8, 3) > relu > conv(16, 3) > flatten > dense(10, name=head)\n' > run.yaml
ask train sch
ask train run.ya
ask train schedule=war
ask train "schedule='warmup(5%) > cosi"
ask train lr=
ask train batch=
ask train 'optimizer=adamw(bet'
ask train model.
ask train run.yaml model.
ask train run.yaml model.head.u
ask train run.yaml model.conv.2.
ask train "schedule='warmup(5%) > step(3ep)'" schedule.
ask train "schedule='warmup(5%) > step(3ep)'" schedule.step.f
ask train --re
# gradus schedule: specs anywhere, and keys of its own
ask schedule polyn
ask schedule linear 'warmup(5%) > polyn'
ask schedule linear up
ask schedule linear mod
ask schedule run.ya
ask schedule linear --unit ''
mkdir folder
ask train --out ''
ask data ''
ask evaluate ''
touch losses.csv
ask replay ''
ask replay losses.csv 'guard > pl'
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
ask "gradus train schedule=cosi" gradus train schedule = cosi
ask "gradus train schedule='hold(3) > cosi" gradus train schedule = "'hold(3) > cosi"
ask "gradus spec schedule 'hold(3) > cosi" gradus spec schedule "'hold(3) > cosi"
END
    bash ask.bash
fi
