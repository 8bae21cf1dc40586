# Prints a token for the user `hearout`, sent as "Authorization: token ...".
use lib '/usr/share/request-tracker5/lib';
use RT -init;
my $user = RT::User->new(RT->SystemUser);
$user->Load('hearout');
my $token = RT::AuthToken->new(RT->SystemUser);
my ($ok, $message, $secret) = $token->Create(Owner => $user->Id, Description => 'Hearout', Expires => undef);
die $message unless $ok;
print "$secret\n";
