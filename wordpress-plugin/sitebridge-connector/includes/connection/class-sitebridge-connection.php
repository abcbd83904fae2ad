<?php
/**
 * Connects to the server and disconnects from it.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Lets the server test the connection, and acts on the result.
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
	 * Stores the server's last response.
	 *
	 * @var Sitebridge_Last_Answer
	 */
	private $last_answer;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings         $settings    The stored connection.
	 * @param Sitebridge_Server_Client    $client      Calls the server.
	 * @param Sitebridge_Structure_Push   $push        Sends the structure.
	 * @param Sitebridge_Delivery_Trigger $trigger     Sends the changes.
	 * @param Sitebridge_Last_Answer      $last_answer Stores the server's last response.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Server_Client $client, Sitebridge_Structure_Push $push, Sitebridge_Delivery_Trigger $trigger, Sitebridge_Last_Answer $last_answer ) {
		$this->settings    = $settings;
		$this->client      = $client;
		$this->push        = $push;
		$this->trigger     = $trigger;
		$this->last_answer = $last_answer;
	}

	/**
	 * Connects with the stored settings: tests the connection, then sends the structure. The settings must be
	 * stored before, because the server calls back during the test, with requests signed with the stored key.
	 */
	public function connect() {
		if ( $this->test() ) {
			$this->push->schedule_daily();
			$this->push->run();
			$this->trigger->resume( true );
		}
	}

	/**
	 * Lets the server test the connection.
	 *
	 * @return bool Whether the test passed.
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
	 * Deletes the connection from this site. The integration on the server stays, because its records belong
	 * to the server's users.
	 */
	public function disconnect() {
		$this->push->unschedule();
		$this->trigger->forget();
		$this->settings->forget_connection();
		$this->last_answer->store( true, __( 'Disconnected. The key is deleted from this site.', 'sitebridge-connector' ) );
	}
}
