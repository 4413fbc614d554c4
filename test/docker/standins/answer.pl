#!/usr/bin/perl
# Answers every request with 200 and says on its output what was asked: for user interfaces that cannot be had where the
# test runs. It proves addresses, order and health checks, nothing of the interface itself.
use strict; use IO::Socket::INET;
my $port = shift;
my $server = IO::Socket::INET->new(LocalPort => $port, Listen => 20, ReuseAddr => 1) or die "cannot listen: $!";
$| = 1;
while (my $client = $server->accept) {
  my ($head, $length) = ('', 0);
  while (my $line = <$client>) {
    last if $line =~ /^\r?\n$/;
    $length = $1 if $line =~ /^content-length: *(\d+)/i;
    print $client "HTTP/1.1 100 Continue\r\n\r\n" if $line =~ /^expect: *100/i;
    $head ||= $line;
  }
  my $body = '';
  read($client, $body, $length) if $length;
  $head =~ s/\s+$//;
  print "$head $length bytes\n";
  my $text = '{"status":"stand-in","success":true}';
  print $client "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: " . length($text) . "\r\n\r\n$text";
  close $client;
}
