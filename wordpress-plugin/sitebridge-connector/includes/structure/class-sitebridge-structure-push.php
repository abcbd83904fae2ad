<?php
/**
 * Sends the structure to the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends the structure daily and when it changes, and again when sending failed.
 */
final class Sitebridge_Structure_Push {

	const DAILY_HOOK  = 'sitebridge_connector_daily_push';
	const SOON_HOOK   = 'sitebridge_connector_push';
	const SEEN_OPTION = 'sitebridge_connector_structure_seen';
	const FAIL_OPTION = 'sitebridge_connector_push_failures';

	/**
	 * Seconds from a change to its sending: changes that come together are sent together.
	 */
	const DEBOUNCE = 60;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

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
	 * Where the answer is kept.
	 *
	 * @var Sitebridge_Last_Answer
	 */
	private $last_answer;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Settings      $settings    The stored connection.
	 * @param Sitebridge_Structure     $structure   The site's structure.
	 * @param Sitebridge_Server_Client $client      Calls the server.
	 * @param Sitebridge_Last_Answer   $last_answer Where the answer is kept.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Structure $structure, Sitebridge_Server_Client $client, Sitebridge_Last_Answer $last_answer ) {
		$this->settings    = $settings;
		$this->structure   = $structure;
		$this->client      = $client;
		$this->last_answer = $last_answer;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( self::DAILY_HOOK, array( $this, 'run' ) );
		add_action( self::SOON_HOOK, array( $this, 'run' ) );
		add_action( 'admin_init', array( $this, 'detect_change' ), 99 );
		// What a plugin registers is not there yet (or still there) in the request that switches it, but is when cron runs.
		add_action( 'activated_plugin', array( $this, 'on_plugin_switched' ) );
		add_action( 'deactivated_plugin', array( $this, 'on_plugin_switched' ) );
	}

	/**
	 * Plans a sending after another plugin was switched on or off.
	 *
	 * @param string $plugin The plugin's main file, such as `akismet/akismet.php`.
	 */
	public function on_plugin_switched( $plugin ) {
		// Our own being switched off has just cancelled everything planned, and it must stay so.
		if ( plugin_basename( SITEBRIDGE_CONNECTOR_FILE ) !== $plugin ) {
			$this->schedule_soon();
		}
	}

	/**
	 * Sends the structure now, and keeps the answer if sending failed.
	 *
	 * @return bool Whether the server took it.
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
	 * Sends soon if the structure is another than when an administrator last looked. Compared with what
	 * was seen here, not with what was sent: a type that exists only in the admin would differ forever.
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
	 * Plans one sending, unless one is planned.
	 *
	 * @param int $delay In seconds.
	 */
	public function schedule_soon( $delay = self::DEBOUNCE ) {
		if ( $this->is_connected() && ! wp_next_scheduled( self::SOON_HOOK ) ) {
			wp_schedule_single_event( time() + $delay, self::SOON_HOOK );
		}
	}

	/**
	 * Plans the daily sending, with earlier failures forgotten.
	 */
	public function schedule_daily() {
		delete_option( self::FAIL_OPTION );
		if ( ! wp_next_scheduled( self::DAILY_HOOK ) ) {
			wp_schedule_event( time() + DAY_IN_SECONDS, 'daily', self::DAILY_HOOK );
		}
	}

	/**
	 * Cancels everything planned.
	 */
	public function unschedule() {
		wp_clear_scheduled_hook( self::DAILY_HOOK );
		wp_clear_scheduled_hook( self::SOON_HOOK );
		delete_option( self::FAIL_OPTION );
		delete_option( self::SEEN_OPTION );
	}

	/**
	 * A plugin that is switched on again goes on with the connection it had.
	 */
	public function on_activation() {
		if ( $this->is_connected() ) {
			$this->schedule_daily();
			$this->schedule_soon();
		}
	}

	/**
	 * Whether there is somewhere to send to.
	 *
	 * @return bool
	 */
	private function is_connected() {
		return $this->settings->is_complete() && $this->settings->get( 'integration_id' ) > 0;
	}

	/**
	 * Forgets earlier failures; one that stands as the last answer is answered by this success.
	 */
	private function note_success() {
		if ( get_option( self::FAIL_OPTION ) ) {
			delete_option( self::FAIL_OPTION );
			$this->last_answer->store( true, __( 'The content types were sent.', 'sitebridge-connector' ) );
		}
		update_option( self::SEEN_OPTION, $this->structure->fingerprint(), false );
	}

	/**
	 * Plans another try: after 5, 10, 20 … minutes, at most 6 hours. What the server refused for good
	 * (a wrong key, an integration that is gone) waits for the daily sending.
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
