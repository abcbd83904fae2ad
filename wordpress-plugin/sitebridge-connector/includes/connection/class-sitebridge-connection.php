<?php
/**
 * Connecting and disconnecting.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Runs a connection test on the server, and what follows from its result.
 */
final class Sitebridge_Connection {

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Calls the server.
	 *
	 * @var Sitebridge_Server_Client
	 */
	private $client;

	/**
	 * Sends the structure.
	 *
	 * @var Sitebridge_Structure_Push
	 */
	private $push;

	/**
	 * Sends the changes.
	 *
	 * @var Sitebridge_Delivery_Trigger
	 */
	private $trigger;

	/**
	 * Where the answer is kept.
	 *
	 * @var Sitebridge_Last_Answer
	 */
	private $last_answer;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Settings         $settings    The stored connection.
	 * @param Sitebridge_Server_Client    $client      Calls the server.
	 * @param Sitebridge_Structure_Push   $push        Sends the structure.
	 * @param Sitebridge_Delivery_Trigger $trigger     Sends the changes.
	 * @param Sitebridge_Last_Answer      $last_answer Where the answer is kept.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Server_Client $client, Sitebridge_Structure_Push $push, Sitebridge_Delivery_Trigger $trigger, Sitebridge_Last_Answer $last_answer ) {
		$this->settings    = $settings;
		$this->client      = $client;
		$this->push        = $push;
		$this->trigger     = $trigger;
		$this->last_answer = $last_answer;
	}

	/**
	 * Connects with the stored settings: a connection test, then the structure. The settings must be
	 * stored before, because during the test the server calls back with requests signed by their key.
	 */
	public function connect() {
		if ( $this->test() ) {
			$this->push->schedule_daily();
			$this->push->run();
			$this->trigger->resume( true );
		}
	}

	/**
	 * Has the server test the connection.
	 *
	 * @return bool Whether it passed.
	 */
	public function test() {
		$stored = $this->settings->all();
		if ( ! $this->settings->is_complete() ) {
			$this->last_answer->store( false, __( 'Enter the server address, the site id and the site key first.', 'sitebridge-connector' ) );
			return false;
		}
		$answer         = $this->client->post(
			'/test-connection',
			array(
				'site_id'  => (int) $stored['site_id'],
				'api_key'  => $stored['api_key'],
				'site_url' => home_url(),
			)
		);
		$integration_id = isset( $answer['body']['integration_id'] ) ? (int) $answer['body']['integration_id'] : 0;
		$passed         = 200 === $answer['status'] && $integration_id > 0;
		if ( $passed ) {
			$this->settings->update( array( 'integration_id' => $integration_id ) );
		}
		$message = $answer['message'];
		if ( '' === $message ) {
			$message = $passed
				? __( 'Connected.', 'sitebridge-connector' )
				/* translators: %d: an HTTP status such as 500. */
				: sprintf( __( 'The server answered HTTP %d without saying why.', 'sitebridge-connector' ), $answer['status'] );
		}
		$this->last_answer->store( $passed, $message, $answer['hint'], $answer['code'] );

		return $passed;
	}

	/**
	 * Forgets the connection. The integration on the server stays: its records belong to the server's users.
	 */
	public function disconnect() {
		$this->push->unschedule();
		$this->trigger->forget();
		$this->settings->forget_connection();
		$this->last_answer->store( true, __( 'Disconnected. The key is deleted from this site.', 'sitebridge-connector' ) );
	}
}
