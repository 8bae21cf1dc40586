# What an administrator sets up once for Hearout: a queue, its custom fields, and a user with no more rights than it needs.
our @Queues = ({ Name => 'Complaints', Description => 'Complaints that Hearout hands over' });
our @CustomFields = map {
    my ($name, $type, @values) = @$_;
    { Name => $name, Type => $type, LookupType => 'RT::Queue-RT::Ticket', Queue => ['Complaints'], MaxValues => 1,
      ($type =~ /Select/ ? (Values => [ map { { Name => $_ } } @values ]) : ()) }
} (
  ['Hearout case', 'FreeformSingle'],
  ['Organisation', 'FreeformSingle'],
  ['Route', 'SelectSingle', 'complaint', 'conduct', 'study centre first'],
  ['Received', 'DateTimeSingle'],
  ['Acknowledge by', 'DateSingle'],
  ['Remedy', 'TextSingle'],
);
our @Users = ({ Name => 'hearout', Privileged => 1, EmailAddress => 'hearout@example.org' });
our @ACL = map { { Right => $_, Queue => 'Complaints', UserId => 'hearout' } }
  qw(SeeQueue CreateTicket ShowTicket ShowTicketComments CommentOnTicket ModifyTicket SeeCustomField ModifyCustomField SetInitialCustomField);
1;
