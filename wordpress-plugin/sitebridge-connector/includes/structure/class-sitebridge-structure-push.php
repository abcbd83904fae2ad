<?php
/**
 * Sends the structure to the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends the structure daily and after changes, and retries a failed send.
 */
final class Sitebridge_Structure_Push {

	const DAILY_HOOK  = 'sitebridge_connector_daily_push';
	const SOON_HOOK   = 'sitebridge_connector_push';
	const SEEN_OPTION = 'sitebridge_connector_structure_seen';
	const FAIL_OPTION = 'sitebridge_connector_push_failures';

	/**
	 * Seconds between a change and its send. Changes within this time are sent together.
	 */
	const DEBOUNCE = 60;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Tells this site from its copies.
	 *
	 * @var Sitebridge_Installation
	 */
	private $installation;

	/**
	 * The site's structure.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Calls the server.
	 *
	 * @var Sitebridge_Server_Client
	 */
	private $client;

	/**
	 * Stores the server's last response.
	 *
	 * @var Sitebridge_Last_Answer
	 */
	private $last_answer;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings      $settings     The stored connection.
	 * @param Sitebridge_Installation  $installation Tells this site from its copies.
	 * @param Sitebridge_Structure     $structure    The site's structure.
	 * @param Sitebridge_Server_Client $client       Calls the server.
	 * @param Sitebridge_Last_Answer   $last_answer  Stores the server's last response.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Installation $installation, Sitebridge_Structure $structure, Sitebridge_Server_Client $client, Sitebridge_Last_Answer $last_answer ) {
		$this->settings     = $settings;
		$this->installation = $installation;
		$this->structure    = $structure;
		$this->client       = $client;
		$this->last_answer  = $last_answer;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( self::DAILY_HOOK, array( $this, 'run' ) );
		add_action( self::SOON_HOOK, array( $this, 'run' ) );
		add_action( 'admin_init', array( $this, 'detect_change' ), 99 );
		// In the request that activates a plugin, its types are not registered yet; in the request that
		// deactivates it, they still are. When cron runs, the types are up to date.
		add_action( 'activated_plugin', array( $this, 'on_plugin_switched' ) );
		add_action( 'deactivated_plugin', array( $this, 'on_plugin_switched' ) );
	}

	/**
	 * Schedules a send after another plugin was activated or deactivated.
	 *
	 * @param string $plugin The plugin's main file, such as `akismet/akismet.php`.
	 */
	public function on_plugin_switched( $plugin ) {
		// The deactivation of this plugin has just cancelled its scheduled sends. They must stay cancelled.
		if ( plugin_basename( SITEBRIDGE_CONNECTOR_FILE ) !== $plugin ) {
			$this->schedule_soon();
		}
	}

	/**
	 * Sends the structure now, and stores the response if the send failed.
	 *
	 * @return bool Whether the server accepted the structure.
	 */
	public function run() {
		if ( ! $this->is_connected() ) {
			return false;
		}
		$stored = $this->settings->all();
		$answer = $this->client->post(
			'/' . (int) $stored['integration_id'] . '/update-structure',
			$this->structure->read(),
			array( 'X-API-Key' => $stored['api_key'] )
		);
		$sent   = $answer['status'] >= 200 && $answer['status'] < 300;
		if ( $sent ) {
			$this->note_success();
		} else {
			/* translators: %s: what the server said. */
			$this->last_answer->store( false, sprintf( __( 'The content types could not be sent: %s', 'sitebridge-connector' ), '' !== $answer['message'] ? $answer['message'] : 'HTTP ' . $answer['status'] ), $answer['hint'], $answer['code'] );
			$this->retry_later( $answer['status'] );
		}

		return $sent;
	}

	/**
	 * Schedules a send if the structure differs from the structure last seen in the admin. It is not compared
	 * with the structure last sent: a type that exists only in the admin would differ forever.
	 */
	public function detect_change() {
		if ( ! $this->is_connected() || wp_doing_ajax() ) {
			return;
		}
		$fingerprint = $this->structure->fingerprint();
		if ( get_option( self::SEEN_OPTION ) !== $fingerprint ) {
			update_option( self::SEEN_OPTION, $fingerprint, false );
			$this->schedule_soon();
		}
	}

	/**
	 * Schedules one send, unless a send is scheduled already.
	 *
	 * @param int $delay Delay in seconds.
	 */
	public function schedule_soon( $delay = self::DEBOUNCE ) {
		if ( $this->is_connected() && ! wp_next_scheduled( self::SOON_HOOK ) ) {
			wp_schedule_single_event( time() + $delay, self::SOON_HOOK );
		}
	}

	/**
	 * Schedules the daily send, and resets the count of failures.
	 */
	public function schedule_daily() {
		delete_option( self::FAIL_OPTION );
		if ( ! wp_next_scheduled( self::DAILY_HOOK ) ) {
			wp_schedule_event( time() + DAY_IN_SECONDS, 'daily', self::DAILY_HOOK );
		}
	}

	/**
	 * Cancels all scheduled sends, and deletes the count of failures and the structure last seen.
	 */
	public function unschedule() {
		wp_clear_scheduled_hook( self::DAILY_HOOK );
		wp_clear_scheduled_hook( self::SOON_HOOK );
		delete_option( self::FAIL_OPTION );
		delete_option( self::SEEN_OPTION );
	}

	/**
	 * Resumes the sends when the plugin is activated again and still has its connection.
	 */
	public function on_activation() {
		if ( $this->is_connected() ) {
			$this->schedule_daily();
			$this->schedule_soon();
		}
	}

	/**
	 * Whether the stored connection has an integration, and this is the connected site and no copy of it.
	 *
	 * @return bool
	 */
	private function is_connected() {
		return $this->settings->is_complete() && $this->settings->get( 'integration_id' ) > 0 && ! $this->installation->is_elsewhere();
	}

	/**
	 * Resets the count of failures. If the last send failed, this success replaces the failure on the
	 * settings page.
	 */
	private function note_success() {
		if ( get_option( self::FAIL_OPTION ) ) {
			delete_option( self::FAIL_OPTION );
			$this->last_answer->store( true, __( 'The content types were sent.', 'sitebridge-connector' ) );
		}
		update_option( self::SEEN_OPTION, $this->structure->fingerprint(), false );
	}

	/**
	 * Schedules a retry after 5, 10, 20 … minutes, at most 6 hours. After a permanent refusal (a wrong key, a
	 * missing integration) the structure is sent again only by the daily send.
	 *
	 * @param int $status HTTP status, or 0.
	 */
	private function retry_later( $status ) {
		$failures = (int) get_option( self::FAIL_OPTION, 0 );
		update_option( self::FAIL_OPTION, $failures + 1, false );
		if ( 0 === $status || 408 === $status || 429 === $status || $status >= 500 ) {
			$this->schedule_soon( min( 6 * HOUR_IN_SECONDS, 5 * MINUTE_IN_SECONDS * ( 2 ** min( $failures, 10 ) ) ) );
		}
	}
}
