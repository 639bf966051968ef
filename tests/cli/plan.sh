# How a network is computed: what the passes did, every node, in both precisions; words that mean nothing.
all3x3='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|'
ok plan "$all3x3" --input 3x8x8 --outputs 5 --size tiny --batch 8 --seconds 0.1
says "15 convolutions with a common source are now 6"
says "24 batch norms, 8 sums and 12 ReLUs are now 15 nodes"
says "norm_sum"
says "of the matmul rate"
ok plan "$all3x3" --input 3x8x8 --outputs 5 --size tiny --batch 8 --seconds 0.1 --no-passes --json
says '"op": "batch_norm"'
says '"passes": {}'
ok plan wrn --input 1x1x40 --outputs 4 --size tiny --batch 8 --seconds 0.1 --precision bf16 --json
says '"precision": "bf16"'
fails 2 plan wrn --input 3x8x8 --outputs 5 --precision half
says "no precision 'half'; want auto, fp32 or bf16"
fails 2 plan wrn --input 3x8x8 --outputs 5 --backend reference64 --precision bf16
says "want auto, or fp64"
