# frozen_string_literal: true

# Stays in Redmine's surroundings and runs what it is told, so that a test need not start Ruby anew each time.
# A line in: {"code": "…"}; a line out: {"value": …, "said": "…", "error": null or "…"}. Ends with its input.

require './config/environment'
require 'json'
require 'stringio'

answers = $stdout.dup
answers.sync = true
ActionMailer::Base.perform_deliveries = false
admin_id = User.where(:admin => true).minimum(:id)

$stdin.each_line do |line|
  # what a request of the server would begin with
  RequestStore.clear!
  Setting.clear_cache
  User.current = User.find(admin_id)
  said = StringIO.new
  $stdout = said
  answer =
    begin
      { :value => TOPLEVEL_BINDING.dup.eval(JSON.parse(line).fetch('code')).as_json, :error => nil }
    rescue StandardError, ScriptError => e
      { :value => nil, :error => "#{e.class}: #{e.message} (#{e.backtrace.first})" }
    end
  $stdout = STDOUT
  answers.puts(answer.merge(:said => said.string).to_json)
end
