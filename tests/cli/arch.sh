# Parameters and multiply-accumulates that others have published, and texts that are no architecture.
all3x3='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|'
ok arch "$all3x3" --input 3x32x32 --outputs 100 --json
says '"parameters": 1537396'
says '"macs": 220125540'
ok arch wrn --input 3x32x32 --outputs 100 --json
says '"parameters": 2772020'
printf '%s\n' "$all3x3" >cell.txt
ok arch @cell.txt --input 3x32x32 --outputs 100
says "1537396"
ok arch "$all3x3" --task ecg
says "size tiny"
ok arch wrn --input 3x32x32 --outputs 100
says "size full"
fails 1 arch liner --input 3x32x32 --outputs 10
says "nb201: character 1"
says "nor is 'liner' a baseline, did you mean 'linear'?"
fails 1 arch '|nor_conv_3x3~0|+|nor_conv_3x3~1|' --input 3x32x32 --outputs 10
says "nb201: "
head -c 1000000 /dev/zero | tr '\0' '|' >long.txt
fails 1 arch @long.txt --input 3x32x32 --outputs 100
says "1000000 characters, want at most 1023"
fails 1 arch @none.txt --input 3x32x32 --outputs 100
says "none.txt"
head -c 100 /dev/zero >zeros.bin
fails 1 arch @zeros.bin --input 3x32x32 --outputs 100
says "not a text"
fails 2 arch wrn --input 3x32 --outputs 100
says "channels x height x width"
fails 2 arch wrn
says "give either --task TASK or --input"
fails 2 arch wrn --input 3x32x32 --size tily
says "'tily' is unknown"
