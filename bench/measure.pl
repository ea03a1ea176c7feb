# Runs a command with its output in a pipe, as over SSH, and prints as JSON what it cost:
# wall (ms), CPU of the command and all it started (ms), the largest process' peak memory
# (KiB). Small itself, so that its own fork costs next to nothing. perl-base only.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use constant RUSAGE_CHILDREN => -1;
my %getrusage = ( x86_64 => 98, aarch64 => 165 );
chomp( my $machine = `uname -m` );    # Before the measuring: it counts as a child.
my $call = $getrusage{$machine} // die "measure: unknown machine $machine\n";

sub used {
    my $buffer = "\0" x 144;
    syscall( $call, RUSAGE_CHILDREN, $buffer ) == 0 or die "getrusage: $!\n";
    my ( $us, $uus, $ss, $sus, $rss ) = unpack 'q5', $buffer;
    return ( ( $us + $ss ) * 1e3 + ( $uus + $sus ) / 1e3, $rss );
}

pipe my $read, my $write or die "pipe: $!\n";
my ($before) = used();
my $start = clock_gettime(CLOCK_MONOTONIC);
my $pid = fork // die "fork: $!\n";
if ( !$pid ) {
    open STDOUT, '>&', $write or die "dup: $!\n";
    exec { $ARGV[0] } @ARGV or die "exec $ARGV[0]: $!\n";
}
close $write;
1 while sysread $read, my $output, 65536;
waitpid $pid, 0;
my $wall = ( clock_gettime(CLOCK_MONOTONIC) - $start ) * 1e3;
my $status = $?;
my ( $after, $rss ) = used();
printf qq({"wallMs":%.3f,"cpuMs":%.3f,"peakKiB":%d}\n), $wall, $after - $before, $rss;
exit( $status ? 1 : 0 );
