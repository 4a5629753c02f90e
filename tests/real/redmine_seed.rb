# frozen_string_literal: true

# Fills an empty database with invented people and records. redmine-up runs this in Redmine's folder, with its gems;
# REDMINE_INFO names the JSON file for ids, logins and keys. The same rows each time, but for the days, which count from
# today: some hours lie two years back, some in the days to come. Dates of creation and change are set by hand at the
# end, so that records look like two years of work and not like one second of it.

require './config/environment'
require 'digest'
require 'json'

started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
database = ActiveRecord::Base.connection
ActiveRecord::Migration.verbose = false
database.migration_context.migrate
database.execute('PRAGMA journal_mode = WAL') # readers and one writer side by side
database.execute('PRAGMA synchronous = OFF')
ActiveRecord::Base.descendants.each { |model| model.reset_column_information unless model.abstract_class? }
migrated = Process.clock_gettime(Process::CLOCK_MONOTONIC)

CHANCE = Random.new(20_240_229)
TODAY = Date.current
NOW = Time.now.utc.change(:usec => 0)
ISSUES = 380
TIME_ENTRIES = 440

def one_of(list)
  list[CHANCE.rand(list.size)]
end

def happens?(percent)
  CHANCE.rand(100) < percent
end

def key_of(login)
  Digest::SHA1.hexdigest("the invented #{login} of a test server")
end

# Asked again and again, and the same all along.
MEMBERS = Hash.new { |known, project_id| known[project_id] = Project.find(project_id).users.to_a }
VERSIONS = Hash.new { |known, project_id| known[project_id] = Project.find(project_id).shared_versions.to_a }

# ---------------------------------------------------------------- settings and people

def set_up
  Redmine::DefaultData::Loader.load('en')
  { :rest_api_enabled => '1', :login_required => '0', :default_language => 'en', :gravatar_enabled => '0',
    :notified_events => [], :cross_project_issue_relations => '1', :cross_project_subtasks => 'system',
    :issue_group_assignment => '1', :self_registration => '0', :app_title => 'Harbour works' }.each do |name, value|
    Setting[name] = value
  end
end

# login => first name, last name, status, zone. One of each kind that a reader of accounts must know.
PEOPLE = {
  'admin'    => ['Ava', 'Quill', :active, 'Tokyo'],
  'marta'    => ['Marta', 'Oduya', :active, 'Berlin'],
  'petra'    => ['Petra', 'Plain', :active, nil],
  'bjorn'    => ['Bjørn-Åke', 'Ødegård', :active, 'Stockholm'],
  'zoe'      => ['Zoë', 'O’Hara', :active, 'Pacific Time (US & Canada)'],
  'xiaochun' => ['小春', 'Wen', :active, 'Beijing'],
  'ines'     => ['Inês', 'Çelik-Ribeiro', :active, nil],
  'tom'      => ['Tom', 'Brack', :active, 'UTC'],
  'tom2'     => ['Tom', 'Brack', :active, 'UTC'], # the same name twice
  'lena'     => ['Lena', 'Moor', :locked, nil],
  'otto'     => ['Otto', 'Gone', :locked, nil],
  'rita'     => ['Rita', 'Waits', :registered, nil],
  'noah'     => ['Noah', 'Loner', :active, nil], # a member of nothing
  'yuki'     => ['Yuki', "D'Arc \"Yu\"", :active, 'Tokyo']
}.freeze

def make_people
  PEOPLE.to_h do |login, (first, last, _status, zone)|
    user = User.find_by_login(login) || User.new(:login => login)
    user.attributes = { :firstname => first, :lastname => last, :mail => "#{login}@harbour.example", :language => 'en',
                        :admin => login == 'admin', :status => User::STATUS_ACTIVE, :mail_notification => 'none',
                        :must_change_passwd => false }
    user.password = user.password_confirmation = "#{login} of the harbour"
    user.save!
    user.pref.time_zone = zone.to_s
    user.pref.hide_mail = login == 'zoe'
    user.pref.comments_sorting = login == 'admin' ? 'desc' : 'asc' # the admin reads journals newest first
    user.pref.save!
    Token.where(:user_id => user.id).delete_all
    # rita has no key: Redmine makes one only when somebody asks for it
    Token.create!(:user => user, :action => 'api').update_columns(:value => key_of(login)) unless login == 'rita'
    [login, user]
  end
end

def make_roles(trackers)
  manager, developer, reporter = %w[Manager Developer Reporter].map { |name| Role.find_by!(:name => name) }
  plain = Role.create!(:name => 'Plain member', :issues_visibility => 'default', :time_entries_visibility => 'all',
                       :permissions => [:view_issues, :add_issue_notes, :view_time_entries, :log_time])
  own = Role.create!(:name => 'Own work only', :issues_visibility => 'own', :time_entries_visibility => 'own',
                     :permissions => [:view_issues, :add_issues, :view_time_entries, :log_time])
  hold = IssueStatus.create!(:name => 'On hold', :is_closed => false)
  IssueStatus.create!(:name => 'Abgekündigt – dropped', :is_closed => true)
  Tracker.create!(:name => 'Épic', :default_status => IssueStatus.find_by!(:name => 'New'))
  Tracker.sorted.each do |tracker|
    IssueStatus.pluck(:id).permutation(2).each do |before, after|
      [manager, developer].each do |role|
        WorkflowTransition.find_or_create_by!(:tracker_id => tracker.id, :role_id => role.id, :old_status_id => before,
                                              :new_status_id => after)
      end
    end
  end
  trackers.concat(Tracker.sorted.to_a)
  { :manager => manager, :developer => developer, :reporter => reporter, :plain => plain, :own => own, :hold => hold }
end

# ---------------------------------------------------------------- fields

def make_fields(trackers, manager)
  bug, feature, support, epic = trackers
  issue = lambda do |name, format, more = {}|
    IssueCustomField.create!({ :name => name, :field_format => format, :is_for_all => true, :is_filter => true,
                               :trackers => trackers }.merge(more))
  end
  fields = {
    :customer => issue.call('Customer', 'string', :searchable => true),
    :remarks => issue.call('Remarks', 'text', :is_filter => false, :trackers => [bug]),
    :points => issue.call('Story points', 'int', :trackers => [feature, epic]),
    :risk => issue.call('Risk (0–1)', 'float', :trackers => [feature, epic]),
    :site => issue.call('Site', 'list', :possible_values => ['Quay 1', 'Quay 2', 'Straße & Hof', 'a|b'], :trackers => [support]),
    :parts => issue.call('Parts', 'list', :multiple => true, :possible_values => %w[bolt crane cable pump], :trackers => [bug, support]),
    :urgent => issue.call('Urgent?', 'bool', :trackers => [bug, support]),
    :promised => issue.call('Promised on', 'date', :trackers => [feature]),
    :reviewer => issue.call('Reviewer', 'user', :trackers => [bug, feature]),
    :crew => issue.call('Crew', 'user', :multiple => true, :trackers => [support]),
    :found_in => issue.call('Found in', 'version', :trackers => [bug]),
    :fixed_in => issue.call('Fixed in', 'version', :multiple => true, :trackers => [bug]),
    :manual => issue.call('Manual', 'link', :trackers => [support]),
    :phase => issue.call('Phase', 'enumeration', :trackers => [epic]),
    :secret => issue.call('Margin', 'int', :visible => false, :roles => [manager], :trackers => [feature]),
    :billable => TimeEntryCustomField.create!(:name => 'Billable', :field_format => 'bool', :default_value => '1'),
    :shift => TimeEntryCustomField.create!(:name => 'Shift', :field_format => 'list', :possible_values => %w[day night]),
    :region => ProjectCustomField.create!(:name => 'Region', :field_format => 'list', :possible_values => %w[north south]),
    :badge => UserCustomField.create!(:name => 'Badge', :field_format => 'string')
  }
  %w[Draft Build Handover].each_with_index do |name, n|
    fields[:phase].enumerations.create!(:name => name, :position => n + 1)
  end
  fields
end

def make_enumerations
  IssuePriority.create!(:name => 'Someday', :active => false) # stays on old issues
  TimeEntryActivity.create!(:name => 'Telex', :active => false)
  TimeEntryActivity.create!(:name => 'Réunion')
end

# ---------------------------------------------------------------- projects

# identifier => name, parent, public?, who is a member as what
PROJECTS = {
  'harbour'     => ['Harbour extension', nil, true],
  'crane'       => ['Crane control', 'harbour', true],
  'crane-sim'   => ['Crane simulator 🏗️', 'crane', true],
  'legal'       => ['Legal matters', 'harbour', false],
  'tram'        => ['Tram depot – Straßenbahn', nil, true],
  'vault'       => ['Vault', nil, false],
  'mill'        => ['Old mill', nil, true],
  'mill-wheel'  => ['Mill wheel', 'mill', true],
  'barn'        => ['Barn', nil, true],
  'notes'       => ['Only a wiki', nil, true],
  'empty'       => ['Nothing yet', nil, true]
}.freeze
HIDDEN = %w[legal vault].freeze # the plain member is in neither

def make_projects(people, roles, trackers)
  crew = Group.create!(:lastname => 'Night crew')
  crew.users << people['tom'] << people['yuki']
  projects = PROJECTS.to_h do |identifier, (name, parent, public)|
    project = Project.new(:name => name, :identifier => identifier, :is_public => public, :homepage => '',
                          :description => identifier == 'empty' ? '' : "About #{name}.\r\n\r\nInvented.")
    project.enabled_module_names = identifier == 'notes' ? %w[wiki] : %w[issue_tracking time_tracking wiki]
    project.trackers = trackers
    project.parent = Project.find_by!(:identifier => parent) if parent
    project.save!
    add_members(project, people, roles, crew)
    [identifier, project.id]
  end
  projects.transform_values! { |id| Project.find(id) } # afresh: each new project moves the others in their tree
  projects.each_value { |project| add_places(project, people) }
  override_activity(projects['crane'])
  [projects, crew]
end

def add_members(project, people, roles, crew)
  inside = { 'marta' => :manager, 'bjorn' => :developer, 'zoe' => :developer }
  inside.merge!('petra' => :plain, 'xiaochun' => :developer, 'ines' => :reporter, 'lena' => :developer,
                'otto' => :reporter, 'tom2' => :own) unless HIDDEN.include?(project.identifier)
  inside.each { |login, role| Member.create!(:project => project, :principal => people[login], :roles => [roles[role]]) }
  Member.create!(:project => project, :principal => crew, :roles => [roles[:developer]]) if project.identifier == 'tram'
end

def add_places(project, people)
  add = lambda do |name, status, sharing, due|
    Version.create!(:project => project, :name => name, :status => status, :sharing => sharing, :effective_date => due,
                    :description => due ? '' : 'without a day')
  end
  add.call("#{project.name} 1.0", 'open', 'none', TODAY - 200)
  add.call('2.0', 'open', 'descendants', TODAY + 60)
  add.call('Später – later', 'locked', 'none', nil) unless project.identifier == 'empty'
  { 'harbour' => ['Shared by all', 'system'], 'crane' => ['Shared by the tree', 'tree'],
    'legal' => ['Shared by the hierarchy', 'hierarchy'] }.slice(project.identifier).each_value do |name, sharing|
    add.call(name, 'open', sharing, TODAY + 10)
  end
  IssueCategory.create!(:project => project, :name => 'Steel', :assigned_to => people['bjorn'])
  IssueCategory.create!(:project => project, :name => 'Électricité')
end

# A project may have its own edition of an activity: its id is in no list of the API.
def override_activity(project)
  shared = TimeEntryActivity.shared.find_by!(:name => 'Development')
  project.update_or_create_time_entry_activities(shared.id.to_s => { 'active' => '1', 'custom_field_values' => {},
                                                                     'parent_id' => shared.id.to_s })
  own = TimeEntryActivity.find_by(:project_id => project.id, :parent_id => shared.id)
  own || TimeEntryActivity.create!(:name => shared.name, :project => project, :parent_id => shared.id, :active => true)
end

# ---------------------------------------------------------------- issues

WORK = ['Weld', 'Check', 'Replace', 'Paint', 'Measure', 'Übergabe:', 'Réparer', 'Describe'].freeze
THINGS = ['the <b>main</b> beam', 'quay wall & fender', 'cable drum', 'über-long ramp', 'the "blue" pump', '起重机 gear',
          'crane 🏗️ cabin', "gate's lock", 'signal; lamp, spare', 'back\\slash valve', 'tab	stop', '50% scaffold'].freeze

def description(number)
  return '' if number % 13 == 0
  return nil if number % 17 == 0
  return ("A very long report, line after line. Sehr lang – 很长 🙂\r\n" * 1500) if number == 40

  "Seen on round #{number}.\r\n\r\n* first, *bold*\r\n* second: \"quoted\" & <tag>\r\n{{macro}} 'single' \\ back"
end

def field_values(number, fields, project, members)
  versions = VERSIONS[project.id]
  { :customer => one_of(['', 'Nordkai & Söhne', 'Kraftwerk "Süd"', '渔业']), :remarks => happens?(20) ? "two\r\nlines" : '',
    :points => happens?(60) ? one_of(%w[0 1 2 3 5 8 -1]) : '', :risk => happens?(40) ? one_of(%w[0.1 0.25 1 1e-3]) : '',
    :site => one_of(['', 'Quay 1', 'Straße & Hof', 'a|b']), :parts => %w[bolt crane cable pump].select { happens?(30) },
    :urgent => one_of(['', '0', '1']), :promised => happens?(30) ? (TODAY + CHANCE.rand(90) - 45).to_s : '',
    :reviewer => happens?(40) ? one_of(members).id.to_s : '', :crew => members.sample(CHANCE.rand(3), :random => CHANCE).map { |m| m.id.to_s },
    :found_in => happens?(30) ? one_of(versions).id.to_s : '', :fixed_in => versions.sample(CHANCE.rand(3), :random => CHANCE).map { |v| v.id.to_s },
    :manual => happens?(20) ? "https://manual.example/p?x=#{number}&y=é" : '',
    :phase => happens?(50) ? one_of(fields[:phase].enumerations.to_a).id.to_s : '',
    :secret => happens?(50) ? CHANCE.rand(90).to_s : '' }.to_h { |name, value| [fields[name].id.to_s, value] }
end

def make_issue(number, world)
  project = world[:projects].values_at(*world[:places])[number % world[:places].size]
  members = MEMBERS[project.id]
  issue = Issue.new(:project => project, :tracker => world[:trackers][number % 7 % world[:trackers].size],
                    :subject => "#{one_of(WORK)} #{one_of(THINGS)} (#{number})", :description => description(number),
                    :author => number % 50 == 49 ? User.anonymous : one_of(members), :status => world[:new],
                    :priority => one_of(world[:priorities]), :is_private => number % 19 == 0)
  issue.assigned_to = project.identifier == 'tram' && happens?(20) ? world[:crew] : one_of(members) if happens?(75)
  issue.category = one_of(project.issue_categories.to_a) if happens?(40)
  issue.fixed_version = one_of(VERSIONS[project.id].select(&:open?)) if happens?(50)
  issue.start_date = happens?(80) ? TODAY - 700 + number * 2 : nil
  issue.due_date = (issue.start_date || TODAY) + CHANCE.rand(60) if happens?(60)
  issue.estimated_hours = one_of([nil, 0, 0.5, 1.25, 3, 7.75, 40, 160.5, 1.0 / 3])
  issue.done_ratio = CHANCE.rand(11) * 10
  issue.custom_field_values = field_values(number, world[:fields], project, members)
  issue.save!
  issue
end

def make_issues(world)
  (1..ISSUES).map { |number| make_issue(number, world) }
end

# Three levels, also across projects.
def make_trees(issues)
  issues.first(300).each_slice(25) do |group|
    root, *children, grandchild = group.values_at(0, 3, 8, 12, 18)
    children.each { |child| under(child, root) }
    under(grandchild, children.first)
  end
end

def under(child, parent)
  child, parent = Issue.find(child.id), Issue.find(parent.id)
  child.init_journal(User.current)
  child.parent_issue_id = parent.id
  child.save!
end

# Every type, each also in the direction that Redmine turns round when it stores it.
def make_relations(issues)
  kinds = IssueRelation::TYPES.keys
  issues.drop(4).each_slice(6).with_index do |group, n|
    from, to = Issue.find(group[0].id), Issue.find((group[4] || group[1]).id)
    next if from == to

    kind = kinds[n % kinds.size]
    relation = IssueRelation.new(:issue_from => from, :issue_to => to, :relation_type => kind)
    relation.delay = [nil, 0, 2, 10, -1][n / kinds.size % 5] if %w[precedes follows].include?(kind)
    relation.init_journals(User.current)
    relation.save # one that Redmine refuses (its own child, say) is no loss
  end
end

# ---------------------------------------------------------------- histories

CHANGES = [
  lambda { |issue, world| issue.status = one_of(world[:statuses]) },
  lambda { |issue, world| issue.status = one_of(world[:statuses]) },
  lambda { |issue, world| issue.priority = one_of(world[:priorities]) },
  lambda { |issue, _world| issue.assigned_to = happens?(25) ? nil : one_of(MEMBERS[issue.project_id]) },
  lambda { |issue, _world| issue.fixed_version = happens?(30) ? nil : one_of(VERSIONS[issue.project_id].select(&:open?)) },
  lambda { |issue, _world| issue.category = one_of([nil] + issue.project.issue_categories.to_a) },
  lambda { |issue, _world| issue.subject = "#{issue.subject} – bis" },
  lambda { |issue, _world| issue.description = "Rewritten.\r\n#{issue.description.to_s.first(200)}" },
  lambda { |issue, _world| issue.estimated_hours = one_of([nil, 2, 4.5, 12]) },
  lambda { |issue, _world| issue.done_ratio = CHANCE.rand(11) * 10 },
  lambda { |issue, _world| issue.due_date = (issue.start_date || TODAY) + 30 + CHANCE.rand(30) },
  lambda { |issue, world| issue.tracker = one_of(world[:trackers]) },
  lambda { |issue, _world| issue.is_private = !issue.is_private },
  lambda { |issue, world| issue.custom_field_values = { world[:fields][:customer].id.to_s => "Kunde #{CHANCE.rand(9)}" } },
  lambda { |issue, world| issue.custom_field_values = { world[:fields][:parts].id.to_s => %w[bolt pump].first(1 + CHANCE.rand(2)) } },
  lambda { |issue, world| issue.custom_field_values = { world[:fields][:secret].id.to_s => CHANCE.rand(99).to_s } },
  lambda { |issue, world| issue.custom_field_values = { world[:fields][:reviewer].id.to_s => one_of(MEMBERS[issue.project_id]).id.to_s } }
].freeze
NOTES = ['Done as told.', "First line.\r\n\r\n> quoted\r\nlast", 'Schön! 🙂 好', '', '', '', '<pre>code & more</pre>'].freeze

def change(issue, world)
  issue = Issue.find(issue.id) # anew: the object of the last change would go on with its journal
  issue.init_journal(one_of(MEMBERS[issue.project_id]), one_of(NOTES))
  CHANGES.sample(1 + CHANCE.rand(3), :random => CHANCE).each { |step| step.call(issue, world) }
  issue.private_notes = issue.notes.present? && happens?(15)
  issue.save!(:validate => false)
end

def attach(issue, number)
  issue = Issue.find(issue.id)
  issue.init_journal(issue.author.anonymous? ? User.current : issue.author, number.even? ? 'see the picture' : '')
  issue.attachments << Attachment.new(:file => "bytes of #{number}", :filename => "plan #{number} – é.txt", :author => User.current)
  issue.save!(:validate => false)
end

def make_histories(issues, world)
  issues.each_with_index do |issue, n|
    next if n < 5 # the first five stay as they were made

    (n % 4).times { change(issue, world) }
    attach(issue, n) if n % 30 == 10
  end
  busy = issues[60]
  40.times { change(busy, world) }
  Attachment.where('id % 3 = 0').to_a.each do |attachment|
    attachment.container.init_journal(User.current)
    attachment.container.attachments.delete(attachment)
  end
  IssueRelation.where('id % 9 = 0').to_a.each do |relation|
    relation.init_journals(User.current)
    relation.destroy
  end
end

# ---------------------------------------------------------------- hours

HOURS = [0.25, 0.33, 1.0 / 3, 0.5, 1.0, 1.25, 1.5, 2.0, 2.0 / 3, 7.75, 8.0, 0.0, 24.5, 0.01].freeze

def make_hours(issues, world)
  loggable = issues.reject { |issue| issue.project.identifier == 'empty' }
  TIME_ENTRIES.times do |n|
    issue = n % 9 == 0 ? nil : one_of(loggable)
    project = issue ? issue.project : world[:projects].values_at('harbour', 'tram', 'crane', 'vault')[n % 4]
    user = one_of(MEMBERS[project.id])
    day = n < 60 ? TODAY - 760 + n : (n < 75 ? TODAY + n - 59 : TODAY - CHANCE.rand(500))
    entry = TimeEntry.new(:project => project, :issue => issue, :user => user, :spent_on => day, :hours => HOURS[n % HOURS.size],
                          :author => n % 10 == 3 ? world[:people]['marta'] : user, :activity => one_of(project.activities.to_a),
                          :comments => one_of(['', nil, 'Schicht; "spät", Kai', '会议 🙂', 'x' * 1000]))
    entry.custom_field_values = { world[:fields][:billable].id.to_s => one_of(%w[0 1]), world[:fields][:shift].id.to_s => one_of(['', 'day', 'night']) }
    entry.save!
    at = [day.to_time(:utc) + 7 * 3600 + CHANCE.rand(36_000), NOW - 86_400 - n].min
    entry.update_columns(:created_on => at, :updated_on => n % 6 == 0 ? [at + 86_400 * 9, NOW - 3600].min : at)
  end
end

# ---------------------------------------------------------------- the past

# Two years of work: each issue begins in its turn, its journals follow in their order, the last is its change.
def backdate(issues)
  begin_at = NOW - 730 * 86_400
  issues.each_with_index do |issue, n|
    at = begin_at + n * 36 * 3600 + CHANCE.rand(36_000)
    Issue.where(:id => issue.id).update_all(:created_on => at, :updated_on => at)
    closed_at = nil
    Journal.where(:journalized_type => 'Issue', :journalized_id => issue.id).order(:id).includes(:details).each do |journal|
      at = [at + CHANCE.rand(1..120) * 3600 + CHANCE.rand(3600), NOW - 7200 + journal.id].min
      journal.update_columns(:created_on => at)
      status = journal.details.detect { |detail| detail.property == 'attr' && detail.prop_key == 'status_id' }
      closed_at = at if status && IssueStatus.find(status.value).is_closed?
    end
    closed = Issue.where(:id => issue.id).where.not(:closed_on => nil)
    Issue.where(:id => issue.id).update_all(:updated_on => at)
    closed.update_all(:closed_on => closed_at || at)
  end
  [Project, Version, User].each { |model| model.update_all(:created_on => begin_at, :updated_on => begin_at) }
  Attachment.update_all(:created_on => begin_at + 86_400)
end

# What can only be done when all else is there.
def retire(world)
  old = IssuePriority.find_by!(:name => 'Someday')
  Issue.where('id % 37 = 0').update_all(:priority_id => old.id)
  telex = TimeEntryActivity.find_by!(:name => 'Telex')
  TimeEntry.where('id % 41 = 0').update_all(:activity_id => telex.id)
  Version.where(:name => '2.0', :project_id => world[:projects].values_at('tram', 'mill').map(&:id)).update_all(:status => 'closed')
  world[:projects]['mill'].reload.close # and what stands below it
  world[:projects]['barn'].reload.archive
  PEOPLE.each { |login, (_first, _last, status)| world[:people][login].update_columns(:status => { :active => 1, :registered => 2, :locked => 3 }[status]) }
end

def info(world, issues)
  { 'admin_key' => key_of('admin'), 'member_key' => key_of('petra'), 'manager_key' => key_of('marta'),
    'users' => world[:people].to_h { |login, user| [login, { 'id' => user.id, 'key' => login == 'rita' ? nil : key_of(login) }] },
    'projects' => world[:projects].transform_values(&:id), 'group' => world[:crew].id,
    'fields' => world[:fields].transform_values(&:id), 'statuses' => IssueStatus.sorted.to_h { |s| [s.name, s.id] },
    'trackers' => Tracker.sorted.to_h { |t| [t.name, t.id] }, 'roles' => Role.sorted.to_h { |r| [r.name, r.id] },
    'priorities' => IssuePriority.sorted.to_h { |p| [p.name, p.id] },
    'activities' => TimeEntryActivity.shared.sorted.to_h { |a| [a.name, a.id] },
    'untouched_issues' => issues.first(5).map(&:id), 'busy_issue' => issues[60].id,
    'counts' => { 'projects' => Project.count, 'users' => User.logged.count, 'issues' => Issue.count, 'versions' => Version.count,
                  'journals' => Journal.count, 'journal_details' => JournalDetail.count, 'relations' => IssueRelation.count,
                  'time_entries' => TimeEntry.count, 'categories' => IssueCategory.count, 'attachments' => Attachment.count } }
end

ActionMailer::Base.perform_deliveries = false
world = {}
ActiveRecord::Base.transaction do
  set_up
  people = make_people
  User.current = people['marta']
  trackers = []
  roles = make_roles(trackers)
  make_enumerations
  fields = make_fields(trackers, roles[:manager])
  projects, crew = make_projects(people, roles, trackers)
  world = { :people => people, :roles => roles, :trackers => trackers, :fields => fields, :projects => projects, :crew => crew,
            :places => PROJECTS.keys - %w[notes empty], :new => IssueStatus.find_by!(:name => 'New'),
            :statuses => IssueStatus.sorted.to_a, :priorities => IssuePriority.active.sorted.to_a }
  issues = make_issues(world)
  make_trees(issues)
  make_relations(issues)
  make_histories(issues, world)
  make_hours(issues, world)
  backdate(issues)
  retire(world)
  world = info(world, issues)
end
database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
File.write(ENV.fetch('REDMINE_INFO'), "#{JSON.pretty_generate(world)}\n")
warn format('a database made in %.1f s, filled in %.1f s: %s', migrated - started,
            Process.clock_gettime(Process::CLOCK_MONOTONIC) - migrated, world['counts'].map { |name, n| "#{n} #{name}" }.join(', '))
