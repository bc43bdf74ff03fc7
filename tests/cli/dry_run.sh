# gradus train --dry-run: the effective run file, which reads back to itself, and the layers; nothing is written.
cat > net.yaml <<'END'
data:      glyphs(count=600, test=100)
model:
  - conv(16, 5, pad=2) > batchnorm > relu
  - maxpool(2) > flatten
  - dense(10, name=head)
optimizer: adam
schedule:  warmup(5%) > cosine
gradient:  clip_norm(1)
END
gradus train net.yaml model.conv.channels=32 epochs=3 optimizer=sgd optimizer.momentum=0.9 --dry-run
gradus train net.yaml --dry-run | sed '/^$/,$d' > effective.yaml
gradus train effective.yaml --dry-run | sed '/^$/,$d' | diff - effective.yaml
ls
gradus train data=nothing.csv --dry-run || echo "[$?]"
